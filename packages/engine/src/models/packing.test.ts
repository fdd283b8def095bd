import { expect, test } from 'vitest';
import { type Packing, toMicroBatches } from '../data/micro-batches.ts';
import { createInterpreter } from '../interpreter/interpreter-runtime.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import { createLanguageModel } from './language-model.ts';
import {
  frozenWeights,
  randomExamples,
  scrambled,
  tinyAdapter,
  tinyConfig,
  tinyFamilies,
  tinyWeights,
} from './testing/tiny-model.ts';

const examples = randomExamples([5, 3, 4, 2, 6, 3], 13);

test.each(tinyFamilies)('%s learns the same from packed rows as from rows of their own', async (family) => {
  const config = tinyConfig(family);
  const adapter = tinyAdapter(config);
  const parameters = scrambled(createAdapterParameters(adapter, config, 4));
  const model = createLanguageModel(createInterpreter({ precision: 'float64' }), {
    spec: { config, weights: frozenWeights(tinyWeights(config)), trainable: new Map(), adapter },
    parameters,
  });

  /** Loss and gradients of one window over all examples, and how many rows it took. */
  async function window(packing: Packing) {
    const batches = toMicroBatches(examples, { batch: 2, length: 12, packing, shuffle: null, bucket: 4 });
    const counted = batches.reduce((sum, { targetCount }) => sum + targetCount, 0);
    const gradients = parameters.map(({ data }) => new Float32Array(data.length));
    let lossSum = 0;
    for (const batch of batches) lossSum += (await model.accumulateGradients(batch, 1 / counted, gradients, 0)).lossSum;
    return {
      counted,
      gradients,
      loss: lossSum / counted,
      batches: batches.length,
      rows: batches.reduce((sum, { batch }) => sum + batch, 0),
    };
  }

  const apart = await window('none');
  const [filled, shared] = [await window('rows'), await window('batch')];
  expect([apart.rows, filled.rows, shared.rows]).toEqual([6, 2, 4]);
  // Of two examples each, as without, so that a step has the same examples; one pair takes less in two rows.
  expect(shared.batches).toBe(apart.batches);
  for (const packed of [filled, shared]) {
    expect(packed.counted).toBe(apart.counted);
    // Results leave the interpreter as float32.
    expect(Math.abs(packed.loss / apart.loss - 1)).toBeLessThan(1e-6);
    for (const [index, gradient] of packed.gradients.entries()) {
      expect(relativeDistance(gradient, apart.gradients[index]!), parameters[index]?.name).toBeLessThan(1e-6);
    }
  }
});
