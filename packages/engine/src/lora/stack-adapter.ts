import type { AdapterModule } from '../models/causal-lm.ts';
import { adapterInputNames } from '../models/causal-lm.ts';
import type { Stack } from '../models/stacks.ts';
import { float32, type Tensor } from '../tensor.ts';

/** Finds an adapter's array by the name of its input. */
export type AdapterArrays = (name: string) => Float32Array;

/**
 * The adapters on a stack's linears as one pair: their A below each other, their B, scaled, along a diagonal of blocks.
 * A linear without one has zeros; where none has one, the pair is of rank 1.
 * @returns a [r, in], b [Σout, r]
 */
export function stackAdapter(
  { modules, outs, into }: Stack,
  adapter: ReadonlyMap<string, AdapterModule>,
  arrays: AdapterArrays,
): { readonly a: Tensor; readonly b: Tensor } {
  const rank = Math.max(
    1,
    modules.reduce((sum, path) => sum + (adapter.get(path)?.rank ?? 0), 0),
  );
  const out = outs.reduce((sum, width) => sum + width, 0);
  const a = new Float32Array(rank * into);
  const b = new Float32Array(out * rank);
  let [firstRow, firstRank] = [0, 0];
  for (const [index, path] of modules.entries()) {
    const width = outs[index] ?? 0;
    const module = adapter.get(path);
    if (module) {
      const names = adapterInputNames(path);
      a.set(arrays(names.a), firstRank * into);
      const own = arrays(names.b);
      for (let i = 0; i < own.length; i++) {
        const row = firstRow + Math.floor(i / module.rank);
        b[row * rank + firstRank + (i % module.rank)] = module.scale * (own[i] as number);
      }
      firstRank += module.rank;
    }
    firstRow += width;
  }
  return { a: float32([rank, into], a), b: float32([out, rank], b) };
}
