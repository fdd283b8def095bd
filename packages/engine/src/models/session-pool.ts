import type { Graph } from '../graph/graph.ts';
import type { Runtime, Session, SessionOptions, TensorStore } from '../runtime/runtime.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import { buildCausalLm, type CausalLmSpec, type CausalLmTask } from './causal-lm.ts';
import { inParts, StoredParameters, tensorsOf } from './stored-parameters.ts';

/** Sessions kept at once; each shape of batch has its own, and weights are shared between them by mapping. */
const MAX_SESSIONS = 6;

export interface OpenSession {
  readonly session: Session;
  readonly graph: Graph;
  /** Where the session takes parameters from and leaves gradients, if not bound and brought back. */
  readonly store: TensorStore | undefined;
}

/** What stays in a store: gradients. */
export function keptOutputs({ outputs }: Graph): string[] {
  return outputs.map(({ name }) => name).filter((name) => name.startsWith('gradient.'));
}

/** The sessions of one model, by task, each with the newest parameters bound; those unused for longest are released. */
export class SessionPool {
  readonly #runtime: Runtime;
  readonly #spec: CausalLmSpec;
  readonly #parameters: readonly Parameter[];
  readonly #options: SessionOptions;
  readonly #open = new Map<string, Omit<OpenSession, 'store'> & { boundVersion: number }>();
  /** Present where the runtime has a store. */
  readonly stored: StoredParameters | undefined;
  #version = 0;

  constructor(
    runtime: Runtime,
    model: SessionOptions & { readonly spec: CausalLmSpec; readonly parameters: readonly Parameter[] },
  ) {
    this.#runtime = runtime;
    this.#options = model.threads === undefined ? {} : { threads: model.threads };
    this.#spec = model.spec;
    this.#parameters = model.parameters;
    const create = runtime.createStore?.bind(runtime);
    this.stored = create && new StoredParameters(create, model.parameters);
  }

  async open(task: CausalLmTask): Promise<OpenSession> {
    const key = JSON.stringify(task);
    let entry = this.#open.get(key);
    if (!entry) {
      const graph = buildCausalLm(this.#spec, task);
      const options = { ...this.#options, ...(this.stored && { kept: keptOutputs(graph) }) };
      entry = { graph, session: await this.#runtime.createSession(graph, options), boundVersion: -1 };
    }
    // Re-inserted, so that the first key is the one unused for longest.
    this.#open.delete(key);
    this.#open.set(key, entry);
    await this.#releaseOldest();
    // Generation and logits are seldom wanted amid training, and bind what was read.
    if (this.stored && task.kind === 'loss') return { ...entry, store: await this.stored.current() };
    if (entry.boundVersion !== this.#version) {
      entry.boundVersion = this.#version;
      const used = new Set(entry.graph.inputs.map((input) => input.name));
      const feeds = this.#parameters.filter(({ name }) => used.has(name));
      for (const part of inParts(feeds)) {
        await entry.session.bind(tensorsOf(part));
      }
    }
    return { ...entry, store: undefined };
  }

  /** The arrays have other values now: they are bound anew at each session's next use. */
  parametersChanged(): void {
    this.#version++;
    this.stored?.changed();
  }

  /** The arrays have the values of the store now. */
  parametersRead(): void {
    this.#version++;
  }

  async release(): Promise<void> {
    for (const { session } of this.#open.values()) await session.release();
    this.#open.clear();
    await this.stored?.release();
  }

  async #releaseOldest(): Promise<void> {
    for (const [key, { session }] of this.#open) {
      if (this.#open.size <= MAX_SESSIONS) return;
      this.#open.delete(key);
      await session.release();
    }
  }
}
