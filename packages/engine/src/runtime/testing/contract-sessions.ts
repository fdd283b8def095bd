import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Graph, GraphBuilder } from '../../graph/graph.ts';
import { rawLayout } from '../../graph/layout.ts';
import type { Runtime } from '../runtime.ts';
import { arithmeticGraph, listOf, numbersOf } from './arithmetic-graph.ts';
import type { RuntimeUnderTest } from './runtime-under-test.ts';

/** all = past ++ fresh, as a cache of keys grows. */
function growing(): Graph {
  const g = new GraphBuilder();
  const [past, fresh] = [g.input('past', ['past']), g.input('fresh', ['new'])];
  g.output('all', rawLayout.concat(g, [past, fresh], 0, 'total'));
  return g.build();
}

export function describeSessions({ create }: RuntimeUnderTest): void {
  describe('sessions', () => {
    let runtime: Runtime;
    beforeAll(() => {
      runtime = create();
    });
    afterAll(() => runtime.close());

    test('all outputs come back, or those asked for', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      const feeds = { a: listOf(1, 2), b: listOf(3, 5) };
      const all = await session.run(feeds);
      expect(Object.keys(all).sort()).toEqual(['product', 'sum']);
      expect(numbersOf(all.sum)).toEqual([4, 7]);
      expect(numbersOf(all.product)).toEqual([3, 10]);
      expect(Object.keys(await session.run(feeds, { fetch: ['product'] }))).toEqual(['product']);
      expect(await session.run(feeds, { fetch: [] })).toEqual({});
    });

    test('bound inputs stay until bound again, and one run may override them', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      await session.bind({ a: listOf(1, 2) });
      await session.bind({ b: listOf(10, 20) });
      expect(numbersOf((await session.run({})).sum)).toEqual([11, 22]);
      expect(numbersOf((await session.run({ b: listOf(0, 0) })).sum)).toEqual([1, 2]);
      expect(numbersOf((await session.run({})).sum)).toEqual([11, 22]);
      await session.bind({ b: listOf(5, 5) });
      expect(numbersOf((await session.run({})).sum)).toEqual([6, 7]);
    });

    test('what was bound does not follow later changes of the array', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      const a = listOf(1, 2);
      await session.bind({ a });
      (a.data as Float32Array).fill(9);
      expect(numbersOf((await session.run({ b: listOf(0, 0) })).sum)).toEqual([1, 2]);
    });

    test('arrays given to a run stay whole, and results belong to the caller', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      const [a, b] = [listOf(1, 2), listOf(3, 4)];
      const first = await session.run({ a, b });
      (first.sum!.data as Float32Array).fill(7);
      expect([numbersOf(a), numbersOf(b)]).toEqual([
        [1, 2],
        [3, 4],
      ]);
      const second = await session.run({ a, b });
      expect(numbersOf(second.sum)).toEqual([4, 6]);
      expect(numbersOf(first.sum)).toEqual([7, 7]);
    });

    test('a carried output is the input of the next run', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      await session.bind({ a: listOf(1, 1), b: listOf(1, 2) });
      const carry = { sum: 'a' };
      // Not brought back unless it is asked for.
      expect(Object.keys(await session.run({}, { carry }))).toEqual(['product']);
      const second = await session.run({}, { carry, fetch: ['sum'] });
      expect(numbersOf(second.sum)).toEqual([3, 5]);
      (second.sum!.data as Float32Array).fill(0);
      expect(numbersOf((await session.run({}, { fetch: ['sum'] })).sum)).toEqual([4, 7]);
      // Without carry the input stays.
      expect(numbersOf((await session.run({}, { fetch: ['sum'] })).sum)).toEqual([4, 7]);
    });

    test('a carried output may have a new length each time, from nothing on', async () => {
      const session = await runtime.createSession(growing());
      await session.bind({ past: listOf() });
      const carry = { all: 'past' };
      await session.run({ fresh: listOf(1, 2) }, { carry, fetch: [] });
      await session.run({ fresh: listOf(3) }, { carry, fetch: [] });
      expect(numbersOf((await session.run({ fresh: listOf(4) }, { fetch: ['all'] })).all)).toEqual([1, 2, 3, 4]);
      await session.bind({ past: listOf() });
      expect(numbersOf((await session.run({ fresh: listOf(5) })).all)).toEqual([5]);
    });

    test('runs started together happen one after another, in order', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      await session.bind({ a: listOf(0, 0), b: listOf(1, 2) });
      const started = [1, 2, 3, 4].map(() => session.run({}, { carry: { sum: 'a' }, fetch: ['sum'] }));
      const sums = (await Promise.all(started)).map(({ sum }) => numbersOf(sum));
      expect(sums).toEqual([
        [1, 2],
        [2, 4],
        [3, 6],
        [4, 8],
      ]);
    });

    test('sessions of one runtime do not touch each other', async () => {
      const [one, two] = [
        await runtime.createSession(arithmeticGraph()),
        await runtime.createSession(arithmeticGraph('n')),
      ];
      await one.bind({ a: listOf(1, 1), b: listOf(1, 1) });
      await two.bind({ a: listOf(5, 5, 5), b: listOf(1, 2, 3) });
      expect(numbersOf((await one.run({})).sum)).toEqual([2, 2]);
      await one.release();
      expect(numbersOf((await two.run({})).sum)).toEqual([6, 7, 8]);
    });
  });
}
