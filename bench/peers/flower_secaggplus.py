"""Times the functions of Flower's SecAgg+ for the work of one client and of the server, on one core.

The loops are those of its client mod and server workflow (flwr 1.x), over one flat tensor and on a complete graph. The
server's masks are all alike, so some are timed and the rest counted.
"""

import argparse
import importlib.metadata
import json
import os
import time

import numpy as np
from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares
from flwr.common.secure_aggregation.ndarrays_arithmetic import (
    parameters_addition,
    parameters_mod,
    parameters_subtraction,
)
from flwr.common.secure_aggregation.quantization import quantize
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen

parser = argparse.ArgumentParser()
parser.add_argument("--n", type=int, required=True)
parser.add_argument("--d", type=int, required=True)
parser.add_argument("--dropouts", type=int, required=True)
arguments = parser.parse_args()
n, d, dropouts = arguments.n, arguments.d, arguments.dropouts

TARGET_RANGE = 1 << 16
MOD_RANGE = 1 << (16 + (n - 1).bit_length())
TIMED_MASKS = 8
steps = {}


def timed(name, work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    steps[f"{name} wall"] = time.perf_counter() - wall
    steps[f"{name} processor"] = time.process_time() - cpu
    return result


def add_masks(vector, count):
    for _ in range(count):
        mask = pseudo_rand_gen(os.urandom(32), MOD_RANGE, [(d,)])
        vector = parameters_addition(vector, mask)
    return vector


update = [np.sin(np.arange(d)) * 0.005]
secret = os.urandom(32)
shares = timed("client shares", lambda: [create_shares(secret, n // 2 + 1, n) for _ in range(2)])
quantized = timed("client quantise", lambda: quantize(update, 0.01, TARGET_RANGE))
masked = timed("client masks", lambda: add_masks(quantized, n))
masked = timed("client mod", lambda: parameters_mod(masked, MOD_RANGE))

survivors = n - dropouts
masks = survivors + dropouts * (n - 1)
total = timed("server sum of one upload", lambda: parameters_addition(masked, masked))
timed(f"server {TIMED_MASKS} masks", lambda: add_masks(total, TIMED_MASKS))
timed("server one secret", lambda: combine_shares(shares[0][: n // 2 + 1]))
timed("server mod", lambda: parameters_mod(parameters_subtraction(total, masked), MOD_RANGE))


def server_seconds(clock):
    return (
        survivors * steps[f"server sum of one upload {clock}"]
        + masks / TIMED_MASKS * steps[f"server {TIMED_MASKS} masks {clock}"]
        + n * steps[f"server one secret {clock}"]
        + steps[f"server mod {clock}"]
    )


def client_seconds(clock):
    return sum(value for name, value in steps.items() if name.startswith("client") and name.endswith(clock))


print(
    json.dumps(
        {
            "version": importlib.metadata.version("flwr"),
            "client": {"wall": client_seconds("wall"), "cpu": client_seconds("processor")},
            "server": {"wall": server_seconds("wall"), "cpu": server_seconds("processor")},
            "serverMasksTimed": TIMED_MASKS,
            "serverMasks": masks,
            "uploadBytes": masked[0].nbytes,
            "steps": steps,
        }
    )
)
