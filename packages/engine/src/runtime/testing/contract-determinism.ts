import { describe, expect, test } from 'vitest';
import type { Runtime } from '../runtime.ts';
import { tinyLoss } from './contract-models.ts';
import type { RuntimeUnderTest } from './runtime-under-test.ts';

export function describeDeterminism({ create }: RuntimeUnderTest): void {
  const bytesOf = async (threads: number) => {
    const runtime: Runtime = create();
    const { graph, feeds } = tinyLoss('qwen3', 'lora');
    const session = await runtime.createSession(graph, { threads });
    // The second run reuses memory that the first has left.
    const runs = [await session.run(feeds), await session.run(feeds)].map((results) =>
      Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [
          name,
          [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
        ]),
      ),
    );
    await runtime.close();
    return runs;
  };

  describe('equal runs give equal bytes', () => {
    test.each([1, 2])('on %d threads', async (threads) => {
      const [first, again] = await bytesOf(threads);
      expect(Object.keys(first ?? {}).length).toBeGreaterThan(20);
      expect(again).toEqual(first);
      expect(await bytesOf(threads)).toEqual([first, first]);
    });
  });
}
