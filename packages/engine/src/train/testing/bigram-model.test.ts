import { expect, test } from 'vitest';
import { createBigramModel } from './bigram-model.ts';
import { toyBatches } from './toy-batches.ts';

const vocabulary = 5;
const [batch] = toyBatches({ seed: 3, count: 1, vocabulary });

function gradientsAt(dropout: number, seed: number) {
  const model = createBigramModel({ vocabulary, dropout });
  for (const { data } of model.parameters) for (let i = 0; i < data.length; i++) data[i] = Math.sin(3 * i) / 2;
  const gradients = model.parameters.map(({ data }) => new Float32Array(data.length));
  return { model, gradients, run: () => model.accumulateGradients(batch!, 0.25, gradients, seed) };
}

test.each([0, 0.4])('gradients equal central differences at dropout %d', async (dropout) => {
  const { model, gradients, run } = gradientsAt(dropout, 9);
  const { lossSum } = await run();
  expect(lossSum).toBeGreaterThan(0);
  const scratch = model.parameters.map(({ data }) => new Float32Array(data.length));
  const lossAt = async (data: Float32Array, i: number, value: number) => {
    const kept = data[i]!;
    data[i] = value;
    const result = await model.accumulateGradients(batch!, 1, scratch, 9);
    data[i] = kept;
    return result.lossSum;
  };
  for (const [index, { data }] of model.parameters.entries()) {
    for (let i = 0; i < data.length; i++) {
      const h = 2 ** -7;
      const slope = ((await lossAt(data, i, data[i]! + h)) - (await lossAt(data, i, data[i]! - h))) / (2 * h);
      // atol 2e-4: the differences' own error is h²/6 of the third derivative, below 1.
      expect(Math.abs(gradients[index]![i]! - 0.25 * slope)).toBeLessThanOrEqual(2e-4);
    }
  }
});

test('equal seeds drop equally, others differently, and loss drops nothing', async () => {
  const lossOf = async (seed: number) => (await gradientsAt(0.4, seed).run()).lossSum;
  expect(await lossOf(1)).toBe(await lossOf(1));
  expect(await lossOf(1)).not.toBe(await lossOf(2));
  const { model, run } = gradientsAt(0, 1);
  expect((await model.loss(batch!)).lossSum).toBe((await run()).lossSum);
});
