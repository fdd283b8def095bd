import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime, TensorStore } from '../runtime.ts';
import { arithmeticGraph, listOf, numbersOf } from './arithmetic-graph.ts';
import type { RuntimeUnderTest } from './runtime-under-test.ts';

/** Of runtimes that have stores. */
export function describeStores({ create }: RuntimeUnderTest): void {
  describe('a store', () => {
    let runtime: Runtime;
    let store: TensorStore;
    beforeAll(async () => {
      runtime = create();
      store = await runtime.createStore!();
    });
    afterAll(() => runtime.close());

    test('gives back what was put there last, as copies', async () => {
      const list = listOf(1, 2);
      await store.put({ x: list, y: listOf(3) });
      (list.data as Float32Array).fill(9);
      const first = await store.read(['x', 'y']);
      (first['x']!.data as Float32Array).fill(0);
      expect(numbersOf((await store.read(['x'])).x)).toEqual([1, 2]);
      await store.put({ x: listOf(4, 5, 6) });
      expect(numbersOf((await store.read(['x'])).x)).toEqual([4, 5, 6]);
      await expect(store.read(['z'])).rejects.toMatchObject({ code: 'engine/runtime-output' });
    });

    test('is where sessions take inputs from and leave outputs for one another', async () => {
      const [one, two] = [
        await runtime.createSession(arithmeticGraph(), { kept: ['sum'] }),
        await runtime.createSession(arithmeticGraph(), { kept: ['sum', 'product'] }),
      ];
      await store.put({ a: listOf(1, 2), b: listOf(10, 20) });
      const { id } = store;
      expect(numbersOf((await one.run({}, { store: { id, keep: { sum: 'a' } } })).product)).toEqual([10, 40]);
      expect(numbersOf((await store.read(['a'])).a)).toEqual([11, 22]);
      // What is given or bound goes before.
      await two.bind({ b: listOf(2, 2) });
      expect(await two.run({}, { store: { id, keep: { product: 'a', sum: 'c' } } })).toEqual({});
      expect(numbersOf((await store.read(['a'])).a)).toEqual([22, 44]);
      expect(numbersOf((await store.read(['c'])).c)).toEqual([13, 24]);
    });

    test('loses what a session made when that is released', async () => {
      const session = await runtime.createSession(arithmeticGraph(), { kept: ['sum', 'product'] });
      const keep = { sum: 'made', product: 'product' };
      await session.run({ a: listOf(1, 1), b: listOf(2, 2) }, { store: { id: store.id, keep } });
      expect(numbersOf((await store.read(['made'])).made)).toEqual([3, 3]);
      await session.release();
      await expect(store.read(['made'])).rejects.toMatchObject({ code: 'engine/runtime-output' });
    });

    test('refuses outputs that the graph lacks, and everything once it was released', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      const other = await runtime.createStore!();
      const use = { store: { id: other.id, keep: { none: 'a' } } };
      const feeds = { a: listOf(1, 1), b: listOf(2, 2) };
      await expect(session.run(feeds, use)).rejects.toMatchObject({ code: 'engine/runtime-output' });
      await other.release();
      const after = session.run(feeds, { store: { id: other.id } });
      await expect(after).rejects.toMatchObject({ code: 'engine/session-released' });
      await expect(other.read(['a'])).rejects.toMatchObject({ code: 'engine/session-released' });
    });
  });
}
