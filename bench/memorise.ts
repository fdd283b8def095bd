import { parseArgs } from 'node:util';
import { arbitraryBatch, TRAINING_MODES, trainOnBatch } from '@skein/engine/node';
import { openLoraModel } from './lora-model.ts';

/**
 * Sixty AdamW steps on one row of 128 arbitrary tokens, in float32 and in 8 bits: where rounding hurts, the loss falls
 * later. `node bench/memorise.ts --model FOLDER [--rate 1e-3] [--steps 60]`
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    length: { type: 'string', default: '128' },
    steps: { type: 'string', default: '60' },
    rate: { type: 'string', default: '1e-3' },
    threads: { type: 'string', default: '2' },
  },
});

const losses: Record<string, number[]> = {};
for (const mode of TRAINING_MODES.filter((name) => name !== 'auto')) {
  const { model, close } = await openLoraModel(values.model, Number(values.threads), { mode });
  const row = arbitraryBatch({ length: Number(values.length), vocabulary: model.spec.config.vocabularySize });
  const own: number[] = [];
  losses[mode] = own;
  await trainOnBatch(model, row, {
    steps: Number(values.steps),
    learningRate: Number(values.rate),
    onEvent(event) {
      if (event.type === 'step') own.push(event.loss);
    },
  });
  await close();
}
const last = (mode: string) => losses[mode]?.at(-1) ?? Number.NaN;
const shown = (list: readonly number[] = []) => list.filter((_, i) => i === 0 || (i + 1) % 10 === 0);
console.log(
  JSON.stringify({
    model: values.model,
    steps: Number(values.steps),
    fp32: shown(losses.fp32),
    int8: shown(losses.int8),
    lastRatio: last('int8') / last('fp32'),
  }),
);
