import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { arbitraryBatch, type TrainingMode } from '@skein/engine/node';
import { openLoraModel } from './lora-model.ts';
import { randomModel } from './random-model.ts';

/**
 * Where the time of a training step goes: ONNX Runtime's own profile of the gradient's graph, summed by operator and
 * by shape of the result. Keeping time of every node costs some itself.
 * `node bench/profile-step.ts [--model FOLDER] [--mode int8] [--top 40]`
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    mode: { type: 'string', default: 'int8' },
    length: { type: 'string', default: '512' },
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '3' },
    top: { type: 'string', default: '40' },
  },
});

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Record<string, readonly number[]>[];
    readonly output_type_shape?: readonly Record<string, readonly number[]>[];
  };
}

const folder = mkdtempSync(join(tmpdir(), 'skein-profile-'));
const path = values.model ?? (await randomModel());
const { model, close } = await openLoraModel(path, Number(values.threads), {
  mode: values.mode as TrainingMode,
  profilePrefix: join(folder, 'step'),
});
const batch = arbitraryBatch({ length: Number(values.length), vocabulary: model.spec.config.vocabularySize });
const gradients = model.parameters.map(({ data }) => new Float32Array(data.length));
for (let step = 0; step <= Number(values.steps); step++) {
  await model.accumulateGradients(batch, 1 / batch.targetCount, gradients, 0);
}
await model.release();
await close();
const [file = ''] = readdirSync(folder);
const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfileEvent[];
rmSync(folder, { recursive: true });

const shapesOf = (shapes: readonly Record<string, readonly number[]>[] = []) =>
  shapes.map((shape) => Object.values(shape)[0]?.join('×') ?? '').join(' ');

/** The first step opens files; it does not count. */
const firstEnd = events.findIndex(({ name }) => name === 'model_run');
const counted = events.slice(firstEnd + 1);
const runs = counted.filter(({ name }) => name === 'model_run');
const nodes = counted.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));

function table(title: string, keyOf: (event: ProfileEvent) => string, most: number): void {
  const sums = new Map<string, { count: number; ms: number }>();
  for (const event of nodes) {
    const sum = sums.get(keyOf(event)) ?? { count: 0, ms: 0 };
    sums.set(keyOf(event), { count: sum.count + 1 / runs.length, ms: sum.ms + event.dur / 1000 / runs.length });
  }
  console.log(`\n${title}\n      ms  nodes`);
  for (const [key, { count, ms }] of [...sums].toSorted((a, b) => b[1].ms - a[1].ms).slice(0, most)) {
    console.log(`${ms.toFixed(1).padStart(8)} ${String(Math.round(count)).padStart(6)}  ${key}`);
  }
}

const total = (list: readonly ProfileEvent[]) => list.reduce((sum, { dur }) => sum + dur, 0) / 1000 / runs.length;
console.log(
  `a step: ${total(runs).toFixed(0)} ms, of which in nodes ${total(nodes).toFixed(0)} ms, ${nodes.length / runs.length} nodes`,
);
console.log(`each: ${runs.map(({ dur }) => (dur / 1000).toFixed(0)).join(' ')} ms`);
table('by operator', ({ args }) => args.op_name ?? '', 30);
table(
  'by operator and shapes',
  ({ args }) => `${args.op_name}  ${shapesOf(args.input_type_shape)} → ${shapesOf(args.output_type_shape)}`,
  Number(values.top),
);
