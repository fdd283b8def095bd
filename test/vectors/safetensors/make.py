"""Writes reference.json: what the reference implementation of safetensors writes and which files it accepts.

pip install safetensors==0.8.0 && python make.py
"""

import base64
import ctypes
import json
import pathlib
import struct

import safetensors
from safetensors import TensorSpec, deserialize, serialize

BITS = {
    "bool": 8, "uint8": 8, "int8": 8, "float8_e5m2": 8, "float8_e4m3fn": 8, "float8_e8m0fnu": 8, "float8_e4m3fnuz": 8,
    "float8_e5m2fnuz": 8, "int16": 16, "uint16": 16, "float16": 16, "bfloat16": 16, "int32": 32, "uint32": 32,
    "float32": 32, "complex64": 64, "float64": 64, "int64": 64, "uint64": 64, "float4_e2m1fn_x2": 8,
}  # fmt: skip
kept = []


def spec(dtype, shape, data):
    buffer = ctypes.create_string_buffer(data, len(data))
    kept.append(buffer)  # serialize reads through the pointer
    return TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffer), data_len=len(data))


def counted(dtype, shape):
    count = 1
    for dim in shape:
        count *= dim
    return spec(dtype, shape, bytes((7 * i + len(dtype)) % 256 for i in range(count * BITS[dtype] // 8)))


WRITTEN = {
    # Alphabetical order and order of alignment differ, so the order in the file shows the writer's rule.
    "every dtype": ({f"t.{dtype}": counted(dtype, [2, 3]) for dtype in BITS}, None),
    "scalar and empty": ({"scalar": counted("float32", []), "empty": counted("int64", [4, 0]), "one": counted("bool", [1])}, None),
    "metadata": ({"w": counted("bfloat16", [5])}, {"format": "pt"}),
    "names": (
        {name: counted("uint8", [1]) for name in ["é", "a\"\\/\b\t\n\x0b\x1f\x7f", "\ufb33", "\U0001f600", "10", "9", "A", ""]},
        {"\u2028": "line\nbreak"},
    ),
    "floats": (
        {
            "f32": spec("float32", [4], struct.pack("<4f", 1.5, -2.0, 3.4028234663852886e38, 1e-45)),
            "f16": spec("float16", [4], struct.pack("<4e", 1.5, -2.0, 65504.0, 5.960464477539063e-08)),
            "bf16": spec("bfloat16", [4], struct.pack("<4H", 0x3FC0, 0xC000, 0x7F7F, 0x0001)),
        },
        None,
    ),
    "nothing": ({}, None),
}  # fmt: skip


def file(header, data=b"", length=None):
    raw = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def tensor(dtype="F32", shape="[1]", offsets="[0,4]", name="a"):
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}'


def one(**kwargs):
    return "{" + tensor(**kwargs) + "}"


X4, X8 = b"\0" * 4, b"\0" * 8
JUDGED = {
    "good": file(one(), X4),
    "good, padded": file(one() + "   ", X4),
    "good, keys in another order": file('{"a":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"}}', X4),
    "good, tensors not in order of offsets": file("{" + tensor(name="b", offsets="[4,8]") + "," + tensor() + "}", X8),
    "good, unknown field of a tensor": file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}', X4),
    "good, metadata null": file('{"__metadata__":null,' + tensor() + "}", X4),
    "good, no tensor": file("{}"),
    "good, metadata only": file('{"__metadata__":{"a":"b"}}'),
    "no bytes": b"",
    "seven bytes": b"\0" * 7,
    "header of no bytes": b"\0" * 8,
    "header beyond the file": file(one(), length=1000),
    "header over 100 MB": file(one(), length=100_000_001),
    "header of 2^64-1": file(one(), length=2**64 - 1),
    "no UTF-8": file(b'{"\xff":1}'),
    "byte order mark": file(b"\xef\xbb\xbf" + one().encode(), X4),
    "no JSON": file("{hello"),
    "trailing comma": file("{" + tensor() + ",}", X4),
    "text after the object": file(one() + "x", X4),
    "padded by zeros": file(one() + "\0", X4),
    "array": file("[]"),
    "null": file("null"),
    "tensor is a number": file('{"a":1}'),
    "tensor is null": file('{"a":null}'),
    "metadata is a string": file('{"__metadata__":"x"}'),
    "metadata holds a number": file('{"__metadata__":{"a":1}}'),
    "no dtype": file('{"a":{"shape":[1],"data_offsets":[0,4]}}', X4),
    "no shape": file('{"a":{"dtype":"F32","data_offsets":[0,4]}}', X4),
    "no offsets": file('{"a":{"dtype":"F32","shape":[1]}}', X4),
    "unknown dtype": file(one(dtype="F31"), X4),
    "dtype of the prototype": file(one(dtype="toString"), X4),
    "negative dim": file(one(shape="[-1]"), X4),
    "negative dims": file(one(shape="[-1,-1]"), X4),
    "fractional dim": file(one(shape="[0.5]"), X4),
    "dim as a string": file(one(shape='["1"]'), X4),
    "shape is a number": file(one(shape="1"), X4),
    "one offset": file(one(offsets="[0]"), X4),
    "three offsets": file(one(offsets="[0,4,8]"), X4),
    "negative offset": file(one(offsets="[-4,0]"), X4),
    "fractional offset": file(one(offsets="[0,4.5]"), X4),
    "offsets backwards": file(one(offsets="[4,0]"), X4),
    "length is not dtype times shape": file(one(shape="[2]"), X4),
    "first tensor not at 0": file(one(offsets="[4,8]"), X8),
    "hole": file("{" + tensor() + "," + tensor(name="b", offsets="[8,12]") + "}", b"\0" * 12),
    "overlap": file("{" + tensor(shape="[2]", offsets="[0,8]") + "," + tensor(name="b", offsets="[4,8]") + "}", X8),
    "same bytes twice": file("{" + tensor() + "," + tensor(name="b") + "}", X4),
    "file cut": file(one(), b"\0" * 3),
    "bytes after the last tensor": file(one(), b"\0" * 5),
    "product beyond 2^64": file(one(shape="[4294967296,4294967296,4]"), X4),
    "product of 2^64": file(one(shape="[9223372036854775808,2]", offsets="[0,0]")),
    "bytes beyond 2^64": file(one(dtype="F64", shape="[4611686018427387904]", offsets="[0,0]")),
    "dim beyond 2^64": file(one(shape="[18446744073709551617]", offsets="[0,4]"), X4),
    "offset beyond 2^64": file(one(offsets="[0,18446744073709551620]"), X4),
    "half a byte": file(one(dtype="F4", shape="[1]", offsets="[0,1]"), b"\0"),
    "lone surrogate in a name": file('{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', X4),
    "duplicate field": file('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', X4),
    # The specification forbids these; its implementation lets them pass.
    "stricter: duplicate tensor": file("{" + tensor() + "," + tensor() + "}", X4),
    "stricter: duplicate tensor by escape": file('{"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' + tensor() + "}", X4),
    "stricter: duplicate metadata": file('{"__metadata__":{"a":"1","a":"2"},' + tensor() + "}", X4),
    "stricter: space before the object": file(" " + one(), X4),
    # 2^53 + 1 elements of an empty tensor: JavaScript's numbers can't hold the dimension.
    "stricter: dim beyond 2^53": file(one(shape="[0,9007199254740993]", offsets="[0,0]")),
}  # fmt: skip


def accepted(data):
    try:
        deserialize(data)
        return True
    except safetensors.SafetensorError:
        return False


encode = lambda data: base64.b64encode(bytes(data)).decode()
result = {
    "source": f"written and judged by the Python package safetensors {safetensors.__version__} (Apache-2.0), see make.py",
    "written": {name: encode(serialize(tensors, metadata)) for name, (tensors, metadata) in WRITTEN.items()},
    "judged": {name: {"accepted": accepted(data), "file": encode(data)} for name, data in JUDGED.items()},
}
path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(result, indent=1, ensure_ascii=True) + "\n")
