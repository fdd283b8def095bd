import { BaseError, invariant } from '@skein/core';
import { CachedDecoder } from '../generate/cached-decoder.ts';
import type { Decoder } from '../generate/decoder.ts';
import type { StackedMatrix } from '../graph/stacked-matrix.ts';
import type { Runtime, Session, SessionOptions } from '../runtime/runtime.ts';
import { int32, type Tensor, type Tensors } from '../tensor.ts';
import { forEachChunk, type YieldControl } from '../train/element-chunks.ts';
import type { DifferentiableModel, MicroBatch, Parameter } from '../train/differentiable-model.ts';
import type { OptimizingModel } from '../train/optimizer/optimizer.ts';
import { bindKeepMasks } from './bind-keep-masks.ts';
import type { CausalLmSpec, CausalLmTask } from './causal-lm.ts';
import { createOptimizerPlace } from './device-optimizer.ts';
import { labelledCount, labelledFeeds } from './labelled-rows.ts';
import { createDecoder } from './model-decoder.ts';
import { inverseFrequencies, rotaryAngles } from './rotary-table.ts';
import { keptOutputs, SessionPool } from './session-pool.ts';

/** A decoder with its trainable arrays on a runtime: training, loss, logits, and sessions for generation. */
export interface LanguageModel extends DifferentiableModel, OptimizingModel {
  readonly spec: CausalLmSpec;
  /** Logits [batch·length, V] with dropout off. */
  logits(batch: Omit<MicroBatch, 'targets' | 'targetCount'>): Promise<Float32Array>;
  /** A session of the task with the current parameters bound. It belongs to the model; do not release it. */
  session(task: CausalLmTask): Promise<Session>;
  /** Reads prompts and what follows them. It belongs to the model; do not release it. */
  readonly decoder: Decoder;
  release(): Promise<void>;
}

export interface LanguageModelOptions extends SessionOptions {
  readonly spec: CausalLmSpec;
  readonly parameters: readonly Parameter[];
  /** Probability of dropout on the adapters' inputs while training. */
  readonly dropout?: number;
  /** Train in less memory and more time: layers are run again in the reverse pass, and only their inputs kept. */
  readonly recompute?: boolean;
  /** Lets other work have its turn amid long loops over arrays. */
  readonly yieldControl?: YieldControl;
  /** Generates and measures the loss with these weights in few bits; gradients and logits keep those of `spec`. */
  readonly stacks?: ReadonlyMap<string, StackedMatrix>;
}

export function createLanguageModel(runtime: Runtime, options: LanguageModelOptions): LanguageModel {
  const { spec, parameters, yieldControl = async () => {} } = options;
  const frequencies = inverseFrequencies(spec.config);
  const sessions = new SessionPool(runtime, options);
  const decoder = createDecoder(runtime, options, sessions);
  const runLoss = lossRunner(sessions, options);
  const optimizers =
    sessions.stored &&
    createOptimizerPlace({
      runtime,
      parameters,
      stored: sessions.stored,
      async gradients(batch, lossWeight, randomSeed) {
        const results = await runLoss(batch, { gradients: true, lossWeight, randomSeed, inStore: true });
        return { lossSum: scalarOf(results) / lossWeight };
      },
      onRead: () => [sessions.parametersRead(), decoder.parametersChanged()],
    });

  return {
    spec,
    parameters,
    async accumulateGradients(batch, lossWeight, gradients, randomSeed) {
      const results = await runLoss(batch, { gradients: true, lossWeight, randomSeed });
      const parts = parameters.map(({ name }) => results[`gradient.${name}`]);
      await addInto(gradients, parts, yieldControl);
      return { lossSum: scalarOf(results) / lossWeight };
    },
    async loss(batch) {
      if (options.stacks && decoder instanceof CachedDecoder) return { lossSum: await decoder.lossSum(batch) };
      return { lossSum: scalarOf(await runLoss(batch, { gradients: false, lossWeight: 1, randomSeed: 0 })) };
    },
    async logits(batch) {
      const { session } = await sessions.open({ kind: 'logits', batch: batch.batch, length: batch.length });
      return logitsOf(await session.run(inputsOf(batch, frequencies)));
    },
    session: async (task) => (await sessions.open(task)).session,
    decoder,
    ...(optimizers && { createOptimizer: optimizers.open }),
    parametersChanged: async () => [sessions, decoder].forEach((part) => part.parametersChanged()),
    release: async () => void (await Promise.all([decoder.release(), optimizers?.release(), sessions.release()])),
  };
}

/** Runs the loss of a batch: with its parameters from a store, and gradients left there, where the runtime has one. */
function lossRunner(sessions: SessionPool, options: LanguageModelOptions) {
  const { spec, dropout = 0, recompute = false, yieldControl = async () => {} } = options;
  const frequencies = inverseFrequencies(spec.config);
  return async (batch: MicroBatch, task: LossTask): Promise<Tensors> => {
    const labelled = labelledCount(batch.targets);
    const opened = await sessions.open({
      kind: 'loss',
      batch: batch.batch,
      length: batch.length,
      labelled,
      gradients: task.gradients,
      dropout: task.gradients ? dropout : 0,
      recompute: task.gradients && recompute,
    });
    await bindKeepMasks(opened, { probability: dropout, seed: task.randomSeed, yieldControl });
    const feeds = { ...inputsOf(batch, frequencies), ...labelledFeeds(batch.targets, labelled, task.lossWeight) };
    const { session, graph, store } = opened;
    if (!store) return session.run(feeds);
    const gradients = keptOutputs(graph);
    const keep = Object.fromEntries(gradients.map((name) => [name, name]));
    const results = await session.run(feeds, { store: { id: store.id, keep } });
    return task.inStore ? results : { ...results, ...(await store.read(gradients)) };
  };
}

interface LossTask {
  readonly gradients: boolean;
  /** Factor of the summed loss: 1 over the counted tokens of the accumulation window. */
  readonly lossWeight: number;
  readonly randomSeed: number;
  /** Leaves gradients in the runtime's store. */
  readonly inStore?: boolean;
}

type Inputs = Omit<MicroBatch, 'targets' | 'targetCount'>;

function inputsOf({ batch, length, inputIds, segments, positions }: Inputs, frequencies: Float32Array): Tensors {
  return {
    ids: int32([batch * length], inputIds),
    segments: int32([batch, length], segments),
    ...rotaryAngles(frequencies, positions, batch),
  };
}

function logitsOf({ logits }: Tensors): Float32Array {
  invariant(logits?.data instanceof Float32Array, 'the runtime gave no logits');
  return logits.data;
}

function scalarOf(results: Tensors): number {
  const value = results.loss?.data[0];
  if (typeof value !== 'number') throw new BaseError('engine/runtime-output', 'The runtime gave no loss.');
  return value;
}

async function addInto(
  sums: readonly Float32Array[],
  parts: readonly (Tensor | undefined)[],
  yieldControl: YieldControl,
): Promise<void> {
  const addends = parts.map((part, index) => {
    const fits = part?.data instanceof Float32Array && part.data.length === sums[index]?.length;
    invariant(fits, 'gradient of another shape');
    return part.data;
  });
  await forEachChunk(
    sums,
    (index, start, end) => {
      const [sum, addend] = [sums[index] as Float32Array, addends[index] as Float32Array];
      for (let i = start; i < end; i++) sum[i] = (sum[i] as number) + (addend[i] as number);
    },
    yieldControl,
  );
}
