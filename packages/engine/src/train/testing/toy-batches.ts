import type { MicroBatch } from '../differentiable-model.ts';
import { dropoutSeed } from '../dropout-seed.ts';

export interface ToyBatchesOptions {
  readonly seed: number;
  readonly count: number;
  readonly vocabulary: number;
}

/**
 * Micro-batches of different lengths over a noisy cycle: the next token is mostly the current one plus one. Rows end in
 * padding and begin with an unlabelled token, as real ones do. For tests.
 */
export function toyBatches({ seed, count, vocabulary }: ToyBatchesOptions): MicroBatch[] {
  return Array.from({ length: count }, (_, index) => {
    const draw = (n: number, below: number) => dropoutSeed(seed, index, n) % below;
    const batch = 2;
    const length = 4 + draw(0, 8);
    const inputIds = new Int32Array(batch * length);
    const targets = new Int32Array(batch * length).fill(-1);
    const segments = new Int32Array(batch * length);
    const positions = new Int32Array(batch * length);
    for (let row = 0; row < batch; row++) {
      const used = length - row;
      let token = draw(1 + row, vocabulary);
      for (let t = 0; t < used; t++) {
        const at = row * length + t;
        const next = draw(10 + at, 4) === 0 ? draw(1000 + at, vocabulary) : (token + 1) % vocabulary;
        inputIds[at] = token;
        segments[at] = 1;
        positions[at] = t;
        if (t > 0) targets[at] = next;
        token = next;
      }
    }
    return { batch, length, inputIds, positions, segments, targets, targetCount: targets.filter((t) => t >= 0).length };
  });
}
