import type { ElementType } from '../graph/graph.ts';

/**
 * A dense row-major array inside the interpreter. Every element type is held as numbers: exact for all of them but
 * int64 beyond 2^53, which graphs of ours never hold.
 */
export interface ArrayValue {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

/** How far apart two neighbours along each axis lie. */
export function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, axis) => dims.slice(axis + 1).reduce((product, dim) => product * dim, 1));
}

/**
 * For each element of an array of shape `dims`, in row-major order: start + Σ coordinate · stride. With the strides of
 * another array this says where an element comes from; a stride of 0 repeats (broadcasting) or joins (reduction).
 */
export function stridedIndices(dims: readonly number[], strides: readonly number[], start = 0): Int32Array {
  let indices = Int32Array.of(start);
  dims.forEach((dim, axis) => {
    const stride = strides[axis] as number;
    const wider = new Int32Array(indices.length * dim);
    indices.forEach((index, i) => {
      for (let j = 0; j < dim; j++) wider[i * dim + j] = index + j * stride;
    });
    indices = wider;
  });
  return indices;
}

/** A new array from elements of another, by their places in it. */
export function takeElements(from: ArrayValue, dims: readonly number[], places: Int32Array): ArrayValue {
  return { type: from.type, dims, data: Float64Array.from(places, (place) => from.data[place] as number) };
}
