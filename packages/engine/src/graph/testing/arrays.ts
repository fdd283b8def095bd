import type { ArrayValue } from '../../interpreter/array-value.ts';
import { createRandom } from '../../random.ts';
import { elementCount } from '../../tensor.ts';

/** Standard normal numbers in float64; equal seeds give equal arrays. */
export function normalArray(dims: readonly number[], seed: number): ArrayValue {
  const random = createRandom(seed);
  return { type: 'float32', dims, data: Float64Array.from({ length: elementCount(dims) }, () => random.normal()) };
}

export function int32Array(dims: readonly number[], list: readonly number[]): ArrayValue {
  return { type: 'int32', dims, data: Float64Array.from(list) };
}

/** True with the given probability. */
export function boolArray(dims: readonly number[], probability: number, seed: number): ArrayValue {
  const random = createRandom(seed);
  const data = Float64Array.from({ length: elementCount(dims) }, () => Number(random.uniform() < probability));
  return { type: 'bool', dims, data };
}
