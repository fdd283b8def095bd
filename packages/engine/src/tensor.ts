/** Element types that cross the boundary of a runtime. */
export type TensorType = 'float32' | 'int32' | 'int64' | 'bool';

export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A dense row-major array. `data.length` equals the product of `dims`. */
export interface Tensor {
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

export type Tensors = Readonly<Record<string, Tensor>>;

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const dim of dims) count *= dim;
  return count;
}

export function float32(dims: readonly number[], data: Float32Array): Tensor {
  return { type: 'float32', dims, data };
}

export function int32(dims: readonly number[], data: Int32Array): Tensor {
  return { type: 'int32', dims, data };
}
