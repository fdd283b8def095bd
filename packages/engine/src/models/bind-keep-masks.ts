import { createRandom } from '../random.ts';
import { elementCount } from '../tensor.ts';
import { forEachChunk, type YieldControl } from '../train/element-chunks.ts';
import type { OpenSession } from './session-pool.ts';

/**
 * Draws the masks of dropout for the next run and binds them: one by one, so that other work has its turn while they
 * are made and handed over. Equal seeds give equal masks.
 */
export async function bindKeepMasks(
  { session, graph }: OpenSession,
  { probability, seed, yieldControl }: { probability: number; seed: number; yieldControl: YieldControl },
): Promise<void> {
  const threshold = probability * 2 ** 32;
  const masks = graph.inputs.filter(({ name }) => name.startsWith('keep.'));
  for (const [stream, input] of masks.entries()) {
    const dims = input.dims.map(Number);
    const random = createRandom(seed, stream);
    const keep = new Uint8Array(elementCount(dims));
    await forEachChunk(
      [keep],
      (_, start, end) => {
        for (let i = start; i < end; i++) keep[i] = random.uint32() >= threshold ? 1 : 0;
      },
      yieldControl,
    );
    await session.bind({ [input.name]: { type: 'bool', dims, data: keep } });
  }
}
