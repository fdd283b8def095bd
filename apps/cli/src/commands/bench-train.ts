import { loadavg } from 'node:os';
import {
  createWorkerRuntime,
  type Device,
  measureTraining,
  TRAINING_MODES,
  type TrainingMode,
} from '@skein/engine/node';
import { defineCommand } from '../command.ts';
import { formatBytes } from '../format-bytes.ts';
import { formatFields } from '../format-table.ts';
import { median } from '../median.ts';
import { RUNTIME_OPTIONS, threadsOf } from '../shared-options.ts';
import { UsageError } from '../usage-error.ts';
import { openBenchModel, SHAPE_OPTIONS } from './bench-shape.ts';

export const benchTrain = defineCommand({
  name: 'bench train',
  summary: 'measure training steps: tokens a second, memory, distance from float32',
  description: [
    'Takes whole training steps with LoRA on every linear and every position labelled. Beside the median ' +
      'of the tokens a second and the peak of memory, mapped files included, it gives the cosine of the gradient with ' +
      'that of float32.',
    'Random weights of the shape take 2 GB on the disk as given, and in int8 1.6 GB more beside them.',
  ],
  options: {
    ...SHAPE_OPTIONS,
    mode: { kind: 'choice', choices: TRAINING_MODES, default: 'int8', help: 'As in "skein train"' },
    memory: { kind: 'choice', choices: ['fast', 'low'], default: 'fast', help: 'As in "skein train"' },
    batch: { kind: 'integer', value: 'N', min: 1, default: 1, help: 'Rows computed at once' },
    length: { kind: 'integer', value: 'N', min: 2, default: 512, help: 'Tokens of a row' },
    rank: { kind: 'integer', value: 'N', min: 1, default: 16, help: 'Rank of the LoRA matrices' },
    steps: { kind: 'integer', value: 'N', min: 1, default: 7, help: 'Steps that count, after one that does not' },
    ...RUNTIME_OPTIONS,
  },
  examples: [
    { line: 'skein bench train', does: "measures int8 at Qwen2.5-0.5B's shape, one row of 512 tokens" },
    { line: 'skein bench train --outliers --mode fp32 --json', does: 'measures float32 on harder weights' },
    { line: 'skein bench train --device webgpu --mode int4', does: 'measures a graphics card, weights in 4 bits' },
  ],
  run: async (values, { signal }) => {
    assertPossible(values);
    const { path, configuration } = await openBenchModel(values);
    const { mode, memory, batch, length, rank, steps, device } = values;
    const threads = threadsOf(values);
    const shapeOfRun = { batch, length, rank, threads, device };
    const runtime = createWorkerRuntime(device);
    try {
      const measured = await measureTraining(runtime, {
        model: path,
        mode,
        memory,
        ...shapeOfRun,
        steps,
        signal,
      });
      const { choice, stepSeconds, peakRssBytes, gradientCosine } = measured;
      const tokensPerSecond = (batch * length) / median(stepSeconds);
      const json = {
        tokensPerSecond,
        peakRssBytes,
        gradientCosine,
        mode: choice.mode,
        memory,
        configuration: { ...configuration, ...shapeOfRun, floats: choice.floats, reason: choice.reason },
        stepSeconds,
        load: loadavg()[0],
      };
      const text = formatFields([
        ['mode', choice.mode],
        ['tokens a second', tokensPerSecond.toFixed(1)],
        ['peak of memory', formatBytes(peakRssBytes)],
        ['gradient cosine', gradientCosine.toFixed(6)],
      ]);
      return { json, text };
    } finally {
      await runtime.close();
    }
  },
});

function assertPossible({ device, mode }: { readonly device: Device; readonly mode: TrainingMode }): void {
  if (device === 'cpu' || mode === 'fp32' || mode === 'int4') return;
  throw new UsageError('cli/options-conflict', `--mode ${mode} needs --device cpu.`, {
    hints: ['WebGPU computes with --mode fp32 or int4.'],
  });
}
