import { z } from 'zod';
import { compareCodePoints } from './compare-code-points.ts';
import { digestOfJson } from './digest.ts';
import { BaseError } from './errors.ts';
import type { Digest } from './units.ts';

const count = z.int().min(0);

const tensorSchema = z.strictObject({
  name: z.string().refine((name) => name.isWellFormed(), 'lone surrogate'),
  dims: z.array(count),
  /** In what the receiver stores the tensor; in the update itself all values are float32. */
  dtype: z.enum(['F32', 'F16', 'BF16']),
  /** Of the first element, in elements of the flat array. */
  offset: count,
});

/**
 * What the numbers of an update mean. One set of tensors has one manifest, so parties may compare digests: tensors
 * stand by name in the order of code points, each once, and without gaps.
 */
export const updateManifestSchema = z
  .strictObject({ version: z.literal('update/1'), tensors: z.array(tensorSchema).min(1) })
  .superRefine(({ tensors }, context) => {
    let previous: string | undefined;
    let offset = 0;
    for (const [index, tensor] of tensors.entries()) {
      const path = ['tensors', index];
      if (previous !== undefined && compareCodePoints(previous, tensor.name) >= 0) {
        context.addIssue({ code: 'custom', path: [...path, 'name'], message: 'expected names in ascending order' });
      }
      if (tensor.offset !== offset) {
        context.addIssue({ code: 'custom', path: [...path, 'offset'], message: `expected ${offset}` });
      }
      offset += elementCount(tensor.dims);
      if (!Number.isSafeInteger(offset)) {
        context.addIssue({ code: 'custom', path: [...path, 'dims'], message: 'more than 2^53 elements' });
        return;
      }
      previous = tensor.name;
    }
  });

type Parsed = z.infer<typeof updateManifestSchema>;

/** Name, shape, type and place of one tensor of an update. */
export type UpdateTensorEntry = Readonly<Omit<Parsed['tensors'][number], 'dims'>> & {
  readonly dims: readonly number[];
};

/** The layout of an update's flat array. */
export interface UpdateManifest {
  readonly version: 'update/1';
  readonly tensors: readonly UpdateTensorEntry[];
}

/**
 * Reads a manifest that came from outside.
 * @throws BaseError `core/bad-update-manifest` with the first fault.
 */
export function parseUpdateManifest(value: unknown): UpdateManifest {
  const result = updateManifestSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') || 'its root';
  throw new BaseError('core/bad-update-manifest', `The update's manifest is wrong at ${path}: ${issue?.message}.`, {
    info: { path },
    hints: ['Make sure that both parties run versions of Skein that write "update/1".'],
  });
}

/** Elements of the flat array that a manifest describes. */
export function updateElementCount(manifest: UpdateManifest): number {
  const last = manifest.tensors.at(-1);
  return last === undefined ? 0 : last.offset + elementCount(last.dims);
}

/** Names a layout; parties of a round must agree on it before their updates can be added. @see RFC 8785 */
export function digestOfUpdateManifest(manifest: UpdateManifest): Digest {
  return digestOfJson(manifest);
}

function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
