import { compareCodePoints } from './compare-code-points.ts';
import type { FloatDtype } from './safetensors/decode-floats.ts';
import { type UpdateManifest, type UpdateTensorEntry, updateElementCount } from './update-manifest.ts';

/**
 * A change of a model's trainable tensors (or their new values, as the strategy wants it) in the plain form in which
 * it passes between rooms: one flat array and what its parts mean.
 */
export interface Update {
  readonly manifest: UpdateManifest;
  /** All tensors, row-major, one after the other; `updateElementCount(manifest)` elements. */
  readonly values: Float32Array;
}

/** One tensor of an update. */
export interface UpdateTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** In what the receiver stores the tensor. */
  readonly dtype: FloatDtype;
  /** Row-major, as many elements as the product of `dims`. */
  readonly data: Float32Array;
}

/**
 * Puts tensors into one flat array, in the manifest's order whatever order they come in. Copies all values.
 * @throws RangeError if there is no tensor, two have one name, or a tensor's data don't fit its dims.
 */
export function flattenUpdate(tensors: Iterable<UpdateTensor>): Update {
  const sorted = [...tensors].sort((a, b) => compareCodePoints(a.name, b.name));
  if (sorted.length === 0) throw new RangeError('An update needs at least one tensor');
  const values = new Float32Array(sorted.reduce((sum, { data }) => sum + data.length, 0));
  const entries: UpdateTensorEntry[] = [];
  let offset = 0;
  for (const { name, dims, dtype, data } of sorted) {
    if (entries.at(-1)?.name === name) throw new RangeError(`Two tensors are named ${JSON.stringify(name)}`);
    assertFits(name, dims, data);
    entries.push({ name, dims: [...dims], dtype, offset });
    values.set(data, offset);
    offset += data.length;
  }
  return { manifest: { version: 'update/1', tensors: entries }, values };
}

/**
 * Takes an update apart.
 * @returns tensors whose data are views of `update.values`, not copies.
 * @throws RangeError if the flat array is longer or shorter than its manifest says.
 */
export function unflattenUpdate(update: Update): UpdateTensor[] {
  const expected = updateElementCount(update.manifest);
  if (update.values.length !== expected) {
    throw new RangeError(`The manifest describes ${expected} values, got ${update.values.length}`);
  }
  const { tensors } = update.manifest;
  return tensors.map(({ name, dims, dtype, offset }, index) => {
    const end = tensors[index + 1]?.offset ?? expected;
    return { name, dims, dtype, data: update.values.subarray(offset, end) };
  });
}

function assertFits(name: string, dims: readonly number[], data: Float32Array): void {
  const expected = dims.reduce((product, dim) => product * dim, 1);
  if (data.length === expected) return;
  throw new RangeError(`Tensor ${JSON.stringify(name)} of shape [${dims.join(', ')}] can't have ${data.length} values`);
}
