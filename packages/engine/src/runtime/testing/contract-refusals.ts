import { BaseError } from '@skein/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../graph/graph.ts';
import { float32, int32, type Tensors } from '../../tensor.ts';
import type { RunOptions, Runtime } from '../runtime.ts';
import { arithmeticGraph, listOf, numbersOf } from './arithmetic-graph.ts';
import type { RuntimeUnderTest } from './runtime-under-test.ts';

const [a, b] = [listOf(1, 2), listOf(3, 4)];

const refusedRuns: Record<string, { feeds: Tensors; options?: RunOptions; message: RegExp; code?: string }> = {
  'an input that the graph does not have': { feeds: { a, b, c: a }, message: /no input c/ },
  'a missing input': { feeds: { a }, message: /input b was neither given nor bound/ },
  'another type': { feeds: { a, b: int32([2], Int32Array.of(1, 2)) }, message: /b is int32 \[2\].*takes float32/ },
  'another shape': { feeds: { a, b: listOf(1, 2, 3) }, message: /b is float32 \[3\].*takes float32 \[2\]/ },
  'another rank': { feeds: { a, b: float32([2, 1], Float32Array.of(1, 2)) }, message: /b is float32 \[2,1\]/ },
  'data that do not fill the shape': { feeds: { a, b: float32([2], Float32Array.of(1)) }, message: /of 1 elements/ },
  'an output that the graph does not have': {
    feeds: { a, b },
    options: { fetch: ['sum', 'quotient'] },
    message: /no output quotient/,
    code: 'engine/runtime-output',
  },
  'carrying an output that the graph does not have': {
    feeds: { a, b },
    options: { carry: { quotient: 'a' } },
    message: /no output quotient/,
    code: 'engine/runtime-output',
  },
  'carrying to an input that the graph does not have': {
    feeds: { a, b },
    options: { carry: { sum: 'c' } },
    message: /no input c/,
  },
  'carrying to an input of another shape': {
    feeds: { a, b },
    options: { carry: { size: 'a' } },
    message: /size is int64 \[1\].*a takes float32 \[2\]/,
  },
};

/** The usual two outputs and one that fits no input. */
function arithmeticWithSize() {
  const g = new GraphBuilder();
  const [left, right] = [g.input('a', [2]), g.input('b', [2])];
  g.output('sum', g.apply('Add', [left, right], { dims: [2] }));
  g.output('size', g.apply('Shape', [left], { dims: [1], type: 'int64' }));
  return g.build();
}

export function describeRefusals({ create, placeFile }: RuntimeUnderTest): void {
  describe('refusals', () => {
    let runtime: Runtime;
    beforeAll(() => {
      runtime = create();
    });
    afterAll(() => runtime.close());

    test.each(Object.entries(refusedRuns))('of %s leave the session usable', async (_, refused) => {
      const { feeds, options = {}, message, code = 'engine/runtime-input' } = refused;
      const session = await runtime.createSession(arithmeticWithSize());
      await expect(session.run(feeds, options)).rejects.toThrow(message);
      await expect(session.run(feeds, options)).rejects.toMatchObject({ code, name: 'BaseError' });
      expect(numbersOf((await session.run({ a, b })).sum)).toEqual([4, 6]);
    });

    test('of binding bind nothing', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      await expect(session.bind({ a, b: listOf(1) })).rejects.toMatchObject({ code: 'engine/runtime-input' });
      await expect(session.run({ b })).rejects.toThrow(/input a was neither given nor bound/);
    });

    test('of one extent that is named twice and given two lengths', async () => {
      const session = await runtime.createSession(arithmeticGraph('n'));
      await expect(session.run({ a, b: listOf(1, 2, 3) })).rejects.toMatchObject({ code: 'engine/runtime-input' });
      expect(numbersOf((await session.run({ a, b })).sum)).toEqual([4, 6]);
    });

    test('of a graph with an unknown operator come when the session is made', async () => {
      const g = new GraphBuilder();
      g.output('y', g.apply('Frobnicate', [g.input('x', [2])], { dims: [2] }));
      const refusal = runtime.createSession(g.build());
      await expect(refusal).rejects.toBeInstanceOf(BaseError);
      await expect(refusal).rejects.toThrow(/Frobnicate/);
    });

    test('of a weight that reaches over the end of its file come when the session is made', async () => {
      const g = new GraphBuilder();
      const source = { file: placeFile(new Uint8Array(12)), offset: 4, length: 16 };
      const weight = g.initializer({ name: 'weight', dims: [4], type: 'float32', source });
      g.output('y', g.apply('Neg', [weight], { dims: [4] }));
      await expect(runtime.createSession(g.build())).rejects.toBeInstanceOf(BaseError);
    });

    test('a released session is refused, and releasing it again', async () => {
      const session = await runtime.createSession(arithmeticGraph());
      await session.release();
      const released = { code: 'engine/session-released' };
      await expect(session.run({ a, b })).rejects.toMatchObject(released);
      await expect(session.bind({ a })).rejects.toMatchObject(released);
      await expect(session.release()).rejects.toMatchObject(released);
    });

    test('a closed runtime refuses everything but being closed', async () => {
      const other = create();
      const session = await other.createSession(arithmeticGraph());
      await other.close();
      await other.close();
      const closed = { code: 'engine/runtime-closed' };
      await expect(session.run({ a, b })).rejects.toMatchObject(closed);
      await expect(session.bind({ a })).rejects.toMatchObject(closed);
      await expect(session.release()).rejects.toMatchObject(closed);
      await expect(other.createSession(arithmeticGraph())).rejects.toMatchObject(closed);
    });
  });
}
