import { BaseError, invariant } from '@skein/core';
import type { Graph } from '../graph/graph.ts';
import { createRandom } from '../random.ts';
import type { Runtime, Session, SessionOptions } from '../runtime/runtime.ts';
import { elementCount, float32, int32, type Tensor, type Tensors } from '../tensor.ts';
import type { DifferentiableModel, MicroBatch, Parameter } from '../train/differentiable-model.ts';
import { buildCausalLm, type CausalLmSpec, type CausalLmTask } from './causal-lm.ts';
import { inverseFrequencies, rotaryAngles } from './rotary-table.ts';

/** Sessions kept at once; each shape of batch has its own, and weights are shared between them by mapping. */
const MAX_SESSIONS = 6;

/** A decoder with its trainable arrays on a runtime: training, loss, logits, and sessions for generation. */
export interface LanguageModel extends DifferentiableModel {
  readonly spec: CausalLmSpec;
  /** Logits [batch·length, V] with dropout off. */
  logits(batch: Omit<MicroBatch, 'targets' | 'targetCount'>): Promise<Float32Array>;
  /** A session of the task with the current parameters bound. It belongs to the model; do not release it. */
  session(task: CausalLmTask): Promise<Session>;
  /** Cosines and sines of positions [batch·length]. */
  angles(positions: Int32Array, batch: number): { cos: Tensor; sin: Tensor };
  release(): Promise<void>;
}

export interface LanguageModelOptions extends SessionOptions {
  readonly spec: CausalLmSpec;
  readonly parameters: readonly Parameter[];
  /** Probability of dropout on the adapters' inputs while training. */
  readonly dropout?: number;
}

interface OpenSession {
  readonly session: Session;
  readonly graph: Graph;
  boundVersion: number;
}

export function createLanguageModel(runtime: Runtime, options: LanguageModelOptions): LanguageModel {
  const { spec, parameters, dropout = 0 } = options;
  const frequencies = inverseFrequencies(spec.config);
  const open = new Map<string, OpenSession>();
  let version = 0;

  async function openSession(task: CausalLmTask): Promise<OpenSession> {
    const key = JSON.stringify(task);
    let entry = open.get(key);
    if (!entry) {
      const graph = buildCausalLm(spec, task);
      entry = { graph, session: await runtime.createSession(graph, options), boundVersion: -1 };
    }
    // Re-inserted, so that the first key is the one unused for longest.
    open.delete(key);
    open.set(key, entry);
    for (const [oldest, old] of open) {
      if (open.size <= MAX_SESSIONS) break;
      open.delete(oldest);
      await old.session.release();
    }
    if (entry.boundVersion !== version) {
      entry.boundVersion = version;
      const used = new Set(entry.graph.inputs.map((input) => input.name));
      const feeds = parameters.filter(({ name }) => used.has(name));
      await entry.session.bind(Object.fromEntries(feeds.map(({ name, dims, data }) => [name, float32(dims, data)])));
    }
    return entry;
  }

  function feedsOf(batch: Omit<MicroBatch, 'targets' | 'targetCount'>): Tensors {
    const rows = batch.batch * batch.length;
    return {
      ids: int32([rows], batch.inputIds),
      segments: int32([batch.batch, batch.length], batch.segments),
      ...rotaryAngles(frequencies, batch.positions, batch.batch),
    };
  }

  async function runLoss(batch: MicroBatch, task: { gradients: boolean; lossWeight: number; randomSeed: number }) {
    const { session, graph } = await openSession({
      kind: 'loss',
      batch: batch.batch,
      length: batch.length,
      gradients: task.gradients,
      dropout: task.gradients ? dropout : 0,
    });
    const masks = graph.inputs.filter(({ name }) => name.startsWith('keep.'));
    return session.run({
      ...feedsOf(batch),
      targets: int32(
        [batch.targets.length],
        batch.targets.map((target) => Math.max(0, target)),
      ),
      weights: float32(
        [batch.targets.length, 1],
        Float32Array.from(batch.targets, (t) => (t < 0 ? 0 : task.lossWeight)),
      ),
      ...Object.fromEntries(
        masks.map(({ name, dims }, index) => [name, keepMask(dims.map(Number), dropout, [task.randomSeed, index])]),
      ),
    });
  }

  return {
    spec,
    parameters,
    async accumulateGradients(batch, lossWeight, gradients, randomSeed) {
      const results = await runLoss(batch, { gradients: true, lossWeight, randomSeed });
      parameters.forEach(({ name }, index) => addInto(gradients[index], results[`gradient.${name}`]));
      return { lossSum: scalarOf(results) / lossWeight };
    },
    async loss(batch) {
      return { lossSum: scalarOf(await runLoss(batch, { gradients: false, lossWeight: 1, randomSeed: 0 })) };
    },
    async logits(batch) {
      const { session } = await openSession({ kind: 'logits', batch: batch.batch, length: batch.length });
      const { logits } = await session.run(feedsOf(batch));
      invariant(logits?.data instanceof Float32Array, 'the runtime gave no logits');
      return logits.data;
    },
    async session(task) {
      return (await openSession(task)).session;
    },
    angles: (positions, batch) => rotaryAngles(frequencies, positions, batch),
    async parametersChanged() {
      version++;
    },
    async release() {
      for (const { session } of open.values()) await session.release();
      open.clear();
    },
  };
}

function scalarOf(results: Tensors): number {
  const value = results.loss?.data[0];
  if (typeof value !== 'number') throw new BaseError('engine/runtime-output', 'The runtime gave no loss.');
  return value;
}

function addInto(sum: Float32Array | undefined, part: Tensor | undefined): void {
  invariant(sum && part?.data instanceof Float32Array && part.data.length === sum.length, 'gradient of another shape');
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (part.data[i] as number);
}

function keepMask(dims: number[], probability: number, [seed, stream]: [number, number]): Tensor {
  const random = createRandom(seed, stream);
  const threshold = probability * 2 ** 32;
  const keep = Uint8Array.from({ length: elementCount(dims) }, () => (random.uint32() >= threshold ? 1 : 0));
  return { type: 'bool', dims, data: keep };
}
