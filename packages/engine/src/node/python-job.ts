import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toMicroBatches } from '../data/micro-batches.ts';
import { countSteps } from '../train/data-cursor.ts';
import type { MicroBatch } from '../train/differentiable-model.ts';
import { writeAdapter } from './adapter-folder.ts';
import { listCheckpoints } from './checkpoint-directory.ts';
import { writeDurably } from './durable-file.ts';
import type { FineTuneInputs } from './fine-tune-inputs.ts';
import type { FineTuneOptions } from './fine-tune-options.ts';
import type { TrainerDevice } from './python-worker.ts';
import { metricsName, type RunStore } from './run-store.ts';
import { type TensorToWrite, writeSafetensors } from './safetensors-file.ts';

/** What the Python trainer computes with. */
export interface PythonTrainer {
  /** Its program. */
  readonly python: string;
  readonly device: TrainerDevice;
  /** bf16: products in bfloat16, frozen weights too; what is trained stays in float32. */
  readonly precision: 'fp32' | 'bf16';
}

/**
 * Writes a training as the Python worker takes it: `job.json`, the adapter's first values as a PEFT folder, and every
 * micro-batch that is still to come, in the order and layout of the engine's own trainer. 16 bytes a token.
 * @returns the folder, `job` in the run directory, and the run's steps.
 */
export async function writePythonJob(
  { trained, folder, trainExamples, validationExamples }: FineTuneInputs,
  options: FineTuneOptions,
  { trainer, store }: { readonly trainer: PythonTrainer; readonly store: RunStore },
): Promise<{ readonly job: string; readonly totalSteps: number }> {
  const { batch, maxLength: length, packing } = options.rows;
  const { seed, accumulationSteps } = options.train;
  const job = join(store.directory, 'job');
  await mkdir(job, { recursive: true });
  const { adapter, parameters } = trained;
  if (adapter) await writeAdapter(join(job, 'adapter'), { ...adapter, baseModel: folder.path }, parameters);

  const validation = toMicroBatches(validationExamples, { batch, length, packing, shuffle: null });
  if (validation.length > 0) await writeBatches(join(job, 'validation.safetensors'), validation);
  const batchesOfEpoch = (epoch: number) =>
    toMicroBatches(trainExamples, { batch, length, packing, shuffle: { seed, epoch } });
  const totalSteps = countSteps(batchesOfEpoch, options.train);
  const firstEpoch = store.checkpoint?.state.position.epoch ?? 0;
  let steps = 0;
  for (let epoch = 0; steps < totalSteps; epoch++) {
    const batches = batchesOfEpoch(epoch);
    steps += Math.ceil(batches.length / accumulationSteps);
    if (epoch >= firstEpoch) await writeBatches(join(job, `epoch-${epoch}.safetensors`), batches);
  }

  const checkpoints = join(store.directory, 'checkpoints');
  const settings = {
    version: 'train-job/1',
    model: folder.path,
    adapter: adapter !== undefined,
    validates: validation.length > 0,
    train: options.train,
    totalSteps,
    checkpointEvery: options.checkpointEvery,
    configDigest: store.configDigest,
    device: trainer.device,
    precision: trainer.precision,
    threads: options.threads,
    metrics: join(store.directory, metricsName),
    checkpoints,
    checkpoint: (await listCheckpoints(checkpoints))[0] ?? null,
  };
  await writeDurably(join(job, 'job.json'), [Buffer.from(`${JSON.stringify(settings, null, 2)}\n`)]);
  return { job, totalSteps };
}

/** One array [4, rows, length] for each micro-batch, named by its place. */
async function writeBatches(path: string, batches: readonly MicroBatch[]): Promise<void> {
  const tensors = batches.map(
    ({ batch, length, inputIds, positions, segments, targets }, index): TensorToWrite => ({
      name: String(index),
      dims: [4, batch, length],
      dtype: 'I32',
      data: () => Buffer.concat([inputIds, positions, segments, targets].map((array) => new Uint8Array(array.buffer))),
    }),
  );
  await writeSafetensors(path, tensors);
}
