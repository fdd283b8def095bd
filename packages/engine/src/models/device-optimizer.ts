import { invariant } from '@skein/core';
import { adamWNames, buildAdamW, buildSums, updatedName } from '../graph/adamw-graph.ts';
import type { Graph } from '../graph/graph.ts';
import type { Runtime, Session } from '../runtime/runtime.ts';
import { elementCount, float32, type Tensors } from '../tensor.ts';
import type { MicroBatch, Parameter } from '../train/differentiable-model.ts';
import type { AdamWState } from '../train/optimizer/adamw.ts';
import type { Optimizer, OptimizerOptions, OptimizerUpdate, UpdateOutcome } from '../train/optimizer/optimizer.ts';
import { inParts, type StoredParameters, tensorsOf } from './stored-parameters.ts';

interface DeviceModel {
  readonly runtime: Runtime;
  readonly parameters: readonly Parameter[];
  readonly stored: StoredParameters;
  /** Runs a micro-batch and leaves the `gradient.…` of each parameter in the store. */
  readonly gradients: Optimizer['accumulate'];
  /** The parameters' arrays have new values, which are those of the store. */
  readonly onRead: () => void;
}

type DeviceOptimizerParts = DeviceModel & OptimizerOptions;

/**
 * Sums, clipping and AdamW in graphs on the device: gradients, moments and parameters stay in the runtime's store, and
 * back come a loss of every micro-batch and two numbers for each array of every step. In float32; `train/optimizer`
 * computes the same in float64 between rounded moments.
 */
class DeviceOptimizer implements Optimizer {
  readonly #parts: DeviceOptimizerParts;
  readonly #names: readonly ReturnType<typeof adamWNames>[];
  readonly #sums: { first?: Session; next?: Session } = {};
  #step: Session | undefined;
  #windowIsNew = true;
  #isRead = true;

  private constructor(parts: DeviceOptimizerParts) {
    this.#parts = parts;
    this.#names = parts.parameters.map(({ name }) => adamWNames(name));
  }

  /** Moments start at zero. */
  static async open(parts: DeviceOptimizerParts): Promise<DeviceOptimizer> {
    const optimizer = new DeviceOptimizer(parts);
    const zeros = parts.parameters.map(({ dims }) => new Float32Array(elementCount(dims)));
    await optimizer.restoreMoments({ m: zeros, v: zeros });
    return optimizer;
  }

  async accumulate(batch: MicroBatch, lossWeight: number, randomSeed: number): Promise<{ readonly lossSum: number }> {
    const { parameters, gradients, stored } = this.#parts;
    const result = await gradients(batch, lossWeight, randomSeed);
    const kind = this.#windowIsNew ? 'first' : 'next';
    this.#windowIsNew = false;
    this.#sums[kind] ??= await this.#open(buildSums(parameters, { first: kind === 'first' }));
    // What a session made goes with it, and those of batches may be released, so sums are made by one that stays.
    await this.#run(this.#sums[kind], { store: await stored.current(), names: this.#names.map(({ sum }) => sum) });
    return result;
  }

  async update({ learningRate, step }: OptimizerUpdate): Promise<UpdateOutcome> {
    const { parameters, stored, adamW } = this.#parts;
    this.#windowIsNew = true;
    this.#step ??= await this.#open(buildAdamW(parameters, this.#parts));
    const correction = Math.sqrt(1 - adamW.beta2 ** step);
    const numbers = {
      decay: 1 - learningRate * adamW.weightDecay,
      stepSize: (learningRate * correction) / (1 - adamW.beta1 ** step),
      epsilon: adamW.epsilon * correction,
    };
    const names = [...parameters.map(({ name }) => name), ...this.#names.flatMap(({ m, v }) => [m, v])];
    const { squares, valueSquares } = await this.#run(this.#step, { store: await stored.current(), names }, numbers);
    this.#isRead = false;
    return {
      gradientNorm: Math.sqrt(numbersOf(squares).reduce((sum, square) => sum + square, 0)),
      nonFiniteGradient: numbersOf(squares).findIndex((square) => !Number.isFinite(square)),
      nonFiniteParameter: numbersOf(valueSquares).findIndex((square) => !Number.isFinite(square)),
    };
  }

  async readParameters(): Promise<void> {
    if (this.#isRead) return;
    const { parameters, stored, onRead } = this.#parts;
    const store = await stored.current();
    for (const part of inParts(parameters)) {
      const values = await store.read(part.map(({ name }) => name));
      for (const { name, data } of part) data.set(numbersOf(values[name]));
    }
    this.#isRead = true;
    onRead();
  }

  async readMoments(): Promise<AdamWState> {
    const store = await this.#parts.stored.current();
    const read = async (role: 'm' | 'v') => {
      const names = this.#names.map((name) => name[role]);
      const values = await store.read(names);
      return names.map((name) => numbersOf(values[name]));
    };
    return { m: await read('m'), v: await read('v') };
  }

  async restoreMoments(moments: AdamWState): Promise<void> {
    const store = await this.#parts.stored.current();
    for (const role of ['m', 'v'] as const) {
      const arrays = this.#parts.parameters.map(({ dims }, index) => ({
        name: this.#names[index]?.[role] ?? '',
        dims,
        data: moments[role][index] as Float32Array,
      }));
      for (const part of inParts(arrays)) await store.put(tensorsOf(part));
    }
  }

  async release(): Promise<void> {
    for (const session of [this.#sums.first, this.#sums.next, this.#step]) await session?.release();
  }

  #open(graph: Graph): Promise<Session> {
    const kept = graph.outputs.map(({ name }) => name).filter((name) => name.startsWith(updatedName('')));
    return this.#parts.runtime.createSession(graph, { kept });
  }

  /** Runs a graph over arrays of the store, which take the values that come out of it. */
  #run(
    session: Session,
    { store, names }: { store: { readonly id: number }; names: readonly string[] },
    numbers: Readonly<Record<string, number>> = {},
  ): Promise<Tensors> {
    const feeds = Object.entries(numbers).map(([name, x]) => [name, float32([1], Float32Array.of(x))]);
    const keep = Object.fromEntries(names.map((name) => [updatedName(name), name]));
    return session.run(Object.fromEntries(feeds), { store: { id: store.id, keep } });
  }
}

/** Where a model has its optimizer, one at a time: they use the same names in the store. */
export function createOptimizerPlace(model: DeviceModel): {
  readonly open: (rules: OptimizerOptions) => Promise<Optimizer>;
  readonly release: () => Promise<void>;
} {
  let optimizer: DeviceOptimizer | undefined;
  const release = async () => {
    await optimizer?.release();
    optimizer = undefined;
    // What it made went with it.
    model.stored.changed();
  };
  return {
    async open(rules) {
      await release();
      optimizer = await DeviceOptimizer.open({ ...model, ...rules });
      return optimizer;
    },
    release,
  };
}

function numbersOf(tensor: Tensors[string] | undefined): Float32Array {
  invariant(tensor?.data instanceof Float32Array, 'the store gave no floats');
  return tensor.data;
}
