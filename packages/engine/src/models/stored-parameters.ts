import type { Runtime, TensorStore } from '../runtime/runtime.ts';
import { float32 } from '../tensor.ts';
import type { Parameter } from '../train/differentiable-model.ts';

/** Handed over in one go: copying so much takes about 5 ms, in which nothing else has its turn. */
const PART_ELEMENTS = 1 << 22;

/** A model's parameters in a store of its runtime, from which every session of a loss takes them. */
export class StoredParameters {
  readonly #create: NonNullable<Runtime['createStore']>;
  readonly #parameters: readonly Parameter[];
  #store: Promise<TensorStore> | undefined;
  #isCurrent = false;

  constructor(create: NonNullable<Runtime['createStore']>, parameters: readonly Parameter[]) {
    this.#create = create;
    this.#parameters = parameters;
  }

  /** The store, with the newest values. */
  async current(): Promise<TensorStore> {
    this.#store ??= this.#create();
    const store = await this.#store;
    if (!this.#isCurrent) for (const part of inParts(this.#parameters)) await store.put(tensorsOf(part));
    this.#isCurrent = true;
    return store;
  }

  /** The arrays have other values now than the store. */
  changed(): void {
    this.#isCurrent = false;
  }

  async release(): Promise<void> {
    await (await this.#store)?.release();
    this.#store = undefined;
    this.#isCurrent = false;
  }
}

export function tensorsOf(parameters: readonly Parameter[]) {
  return Object.fromEntries(parameters.map(({ name, dims, data }) => [name, float32(dims, data)]));
}

/** Parameters in turns of about {@link PART_ELEMENTS}. */
export function inParts(parameters: readonly Parameter[]): Parameter[][] {
  const parts: Parameter[][] = [];
  let left = 0;
  for (const parameter of parameters) {
    if (left <= 0) {
      parts.push([]);
      left = PART_ELEMENTS;
    }
    parts.at(-1)?.push(parameter);
    left -= parameter.data.length;
  }
  return parts;
}
