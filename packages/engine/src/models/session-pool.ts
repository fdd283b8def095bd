import type { Graph } from '../graph/graph.ts';
import type { Runtime, Session, SessionOptions } from '../runtime/runtime.ts';
import { float32 } from '../tensor.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import { buildCausalLm, type CausalLmSpec, type CausalLmTask } from './causal-lm.ts';

/** Sessions kept at once; each shape of batch has its own, and weights are shared between them by mapping. */
const MAX_SESSIONS = 6;

/** Handed over in one go: copying so much takes about 5 ms, in which nothing else has its turn. */
const PART_ELEMENTS = 1 << 22;

export interface OpenSession {
  readonly session: Session;
  readonly graph: Graph;
}

/** The sessions of one model, by task, each with the newest parameters bound; those unused for longest are released. */
export class SessionPool {
  readonly #runtime: Runtime;
  readonly #spec: CausalLmSpec;
  readonly #parameters: readonly Parameter[];
  readonly #options: SessionOptions;
  readonly #open = new Map<string, OpenSession & { boundVersion: number }>();
  #version = 0;

  constructor(
    runtime: Runtime,
    model: SessionOptions & { readonly spec: CausalLmSpec; readonly parameters: readonly Parameter[] },
  ) {
    this.#runtime = runtime;
    this.#options = model.threads === undefined ? {} : { threads: model.threads };
    this.#spec = model.spec;
    this.#parameters = model.parameters;
  }

  async open(task: CausalLmTask): Promise<OpenSession> {
    const key = JSON.stringify(task);
    let entry = this.#open.get(key);
    if (!entry) {
      const graph = buildCausalLm(this.#spec, task);
      entry = { graph, session: await this.#runtime.createSession(graph, this.#options), boundVersion: -1 };
    }
    // Re-inserted, so that the first key is the one unused for longest.
    this.#open.delete(key);
    this.#open.set(key, entry);
    await this.#releaseOldest();
    if (entry.boundVersion !== this.#version) {
      entry.boundVersion = this.#version;
      const used = new Set(entry.graph.inputs.map((input) => input.name));
      const feeds = this.#parameters.filter(({ name }) => used.has(name));
      for (const part of inParts(feeds)) {
        await entry.session.bind(Object.fromEntries(part.map(({ name, dims, data }) => [name, float32(dims, data)])));
      }
    }
    return entry;
  }

  /** The arrays have other values now: they are bound anew at each session's next use. */
  parametersChanged(): void {
    this.#version++;
  }

  async release(): Promise<void> {
    for (const { session } of this.#open.values()) await session.release();
    this.#open.clear();
  }

  async #releaseOldest(): Promise<void> {
    for (const [key, { session }] of this.#open) {
      if (this.#open.size <= MAX_SESSIONS) return;
      this.#open.delete(key);
      await session.release();
    }
  }
}

/** Parameters in turns of about {@link PART_ELEMENTS}. */
function inParts(parameters: readonly Parameter[]): Parameter[][] {
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
