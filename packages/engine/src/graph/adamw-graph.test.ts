import { expect, test } from 'vitest';
import { createInterpreter } from '../interpreter/interpreter-runtime.ts';
import { createRandom } from '../random.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import { float32 } from '../tensor.ts';
import { clipGradients, gradientNorm } from '../train/clip.ts';
import { adamWDefaults, adamWStep } from '../train/optimizer/adamw.ts';
import { adamWNames, buildAdamW, updatedName } from './adamw-graph.ts';

const arrays = [
  { name: 'a', dims: [3, 5] },
  { name: 'b', dims: [4] },
];
const random = createRandom(7);
const drawn = (scale: number) =>
  arrays.map(({ dims }) => Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => scale * random.normal()));
const yieldControl = async () => {};

async function graphStep(
  [values, sums, m, v]: readonly [Float32Array[], Float32Array[], Float32Array[], Float32Array[]],
  { maxGradientNorm, step, learningRate }: { maxGradientNorm: number | null; step: number; learningRate: number },
) {
  const session = await createInterpreter().createSession(
    buildAdamW(arrays, { maxGradientNorm, adamW: adamWDefaults }),
  );
  const correction = Math.sqrt(1 - adamWDefaults.beta2 ** step);
  const numbers = {
    decay: 1 - learningRate * adamWDefaults.weightDecay,
    stepSize: (learningRate * correction) / (1 - adamWDefaults.beta1 ** step),
    epsilon: adamWDefaults.epsilon * correction,
  };
  const feeds = arrays.flatMap(({ name, dims }, i) => {
    const names = adamWNames(name);
    const own = { [name]: values[i], [names.sum]: sums[i], [names.m]: m[i], [names.v]: v[i] };
    return Object.entries(own).map(([key, data]) => [key, float32(dims, data!)]);
  });
  const scalars = Object.entries(numbers).map(([name, x]) => [name, float32([1], Float32Array.of(x))]);
  const results = await session.run(Object.fromEntries([...feeds, ...scalars]));
  const get = (name: string) => results[name]!.data as Float32Array;
  return {
    squares: get('squares'),
    valueSquares: get('valueSquares'),
    values: arrays.map(({ name }) => get(updatedName(name))),
    m: arrays.map(({ name }) => get(updatedName(adamWNames(name).m))),
    v: arrays.map(({ name }) => get(updatedName(adamWNames(name).v))),
  };
}

test.each([
  ['clips', 0.5],
  ['does not reach the limit', 50],
  ['has no limit', null],
])('a step that %s is that of AdamW in TypeScript', async (_, maxGradientNorm) => {
  const [values, sums, m, v] = [drawn(1), drawn(0.7), drawn(0.1), drawn(0.1).map((array) => array.map(Math.abs))];
  const how = { maxGradientNorm, step: 3, learningRate: 0.05 };
  const found = await graphStep([values, sums, m, v], how);
  const { total: norm } = await gradientNorm(sums, yieldControl);
  expect(Math.abs(Math.sqrt(found.squares.reduce((a, b) => a + b)) / norm - 1)).toBeLessThan(1e-6);
  if (maxGradientNorm !== null) await clipGradients(sums, { norm, maxNorm: maxGradientNorm }, yieldControl);
  await adamWStep(values, { m, v }, { gradients: sums, ...how, options: adamWDefaults, yieldControl });
  for (const [i] of arrays.entries()) {
    expect(relativeDistance(found.values[i]!, values[i]!)).toBeLessThan(1e-6);
    expect(relativeDistance(found.m[i]!, m[i]!)).toBeLessThan(1e-6);
    expect(relativeDistance(found.v[i]!, v[i]!)).toBeLessThan(1e-6);
  }
});

test('an array whose gradient or new value is not finite is known by its place', async () => {
  const [values, sums, m, v] = [drawn(1), drawn(1), drawn(1), drawn(0).map((array) => array.map(Math.abs))];
  sums[1]![2] = Number.NaN;
  const how = { maxGradientNorm: null, step: 1, learningRate: 0.1 };
  const { squares } = await graphStep([values, sums, m, v], how);
  expect(squares.findIndex((square) => !Number.isFinite(square))).toBe(1);
  sums[1]![2] = 0;
  values[1]![0] = Number.POSITIVE_INFINITY;
  const { valueSquares } = await graphStep([values, sums, m, v], how);
  expect(valueSquares.findIndex((square) => !Number.isFinite(square))).toBe(1);
});
