import { BaseError } from '@skein/core';
import { GraphBuilder } from '../graph/graph.ts';
import { int8Matrix } from '../graph/int8-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { float32 } from '../tensor.ts';

/** Terms of a sum, more than one register of any processor holds. */
const TERMS = 256;
const COLUMNS = 32;

/**
 * Largest magnitude of weights whose products with 8-bit activations are exact on this machine: processors without
 * VNNI add pairs of products in 16 bits, where 2·255·127 saturates but 2·255·63 does not. Found by multiplying.
 * @throws BaseError `engine/int8-inexact` where neither is exact.
 */
export async function int8Levels(runtime: Runtime): Promise<127 | 63> {
  for (const levels of [127, 63] as const) if (await isExact(runtime, levels)) return levels;
  throw new BaseError('engine/int8-inexact', `${runtime.name} multiplies 8-bit integers inexactly on this machine.`, {
    hints: ['Use --mode fp32.'],
  });
}

/** Every activation is the largest there is, and every weight of a column has one sign. */
async function isExact(runtime: Runtime, levels: number): Promise<boolean> {
  const g = new GraphBuilder();
  const values = Int8Array.from({ length: TERMS * COLUMNS }, (_, i) => (i % 2 === 0 ? levels : -levels));
  const factor = { values, scales: new Float32Array(COLUMNS).fill(1) };
  const matrix = int8Matrix({ name: 'w', dims: [COLUMNS, TERMS], forward: factor, backward: factor });
  g.output('y', matrix.forward(g, g.input('x', [COLUMNS, TERMS])));
  const session = await runtime.createSession(g.build());
  const { y } = await session.run({ x: float32([COLUMNS, TERMS], new Float32Array(COLUMNS * TERMS).fill(127)) });
  await session.release();
  const expected = TERMS * levels * 127;
  return y?.data.every((sum, i) => Math.abs(Number(sum) - (i % 2 === 0 ? expected : -expected)) < 1) ?? false;
}
