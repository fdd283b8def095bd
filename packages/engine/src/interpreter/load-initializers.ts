import { BaseError, decodeFloats, type FloatDtype, invariant } from '@skein/core';
import type { ElementType, Graph, Initializer } from '../graph/graph.ts';
import { elementCount } from '../tensor.ts';
import type { ArrayValue } from './array-value.ts';

/** Reads a stretch of a file in which weights lie. */
export type ReadBytes = (file: string, offset: number, length: number) => Promise<Uint8Array>;

const FLOAT_DTYPE: Partial<Record<ElementType, FloatDtype>> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };

/**
 * The constants and weights of a graph, those in files through `readBytes`. 16-bit weights keep their type, so that a
 * graph that forgets to widen them is a fault here too.
 * @throws BaseError `engine/weight-bytes` for bytes that do not fill the shape, or a type that is not read from files.
 */
export async function loadInitializers(graph: Graph, readBytes: ReadBytes): Promise<Map<string, ArrayValue>> {
  const values = new Map<string, ArrayValue>();
  for (const initializer of graph.initializers) {
    const { name, dims, type } = initializer;
    const data = await readElements(initializer, readBytes);
    if (data.length !== elementCount(dims)) {
      throw new BaseError('engine/weight-bytes', `${name} has ${data.length} elements, not those of [${dims}].`, {
        hints: ['Download the weights again.'],
      });
    }
    values.set(name, { type, dims, data });
  }
  return values;
}

async function readElements(initializer: Initializer, readBytes: ReadBytes): Promise<Float64Array> {
  const { name, type, source } = initializer;
  if (ArrayBuffer.isView(source)) return initializerValue(initializer).data;
  if (type === 'int8') {
    const bytes = await readBytes(source.file, source.offset, source.length);
    return Float64Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
  const dtype = FLOAT_DTYPE[type];
  if (!dtype) {
    throw new BaseError('engine/weight-bytes', `${name} in ${source.file} has type ${type}, which is not a weight's.`, {
      hints: ['Use weights of type F32, F16 or BF16.'],
    });
  }
  return Float64Array.from(decodeFloats(await readBytes(source.file, source.offset, source.length), dtype));
}

/** An initializer whose elements are in memory. */
export function initializerValue({ name, dims, type, source }: Initializer): ArrayValue {
  invariant(ArrayBuffer.isView(source), `${name} lies in a file`);
  if (type === 'uint4') {
    const bytes = source as Uint8Array;
    const data = Float64Array.from({ length: elementCount(dims) }, (_, i) => (bytes[i >> 1]! >> (4 * (i & 1))) & 15);
    return { type, dims, data };
  }
  return { type, dims, data: Float64Array.from(source as ArrayLike<number | bigint>, Number) };
}
