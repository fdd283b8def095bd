import type { Graph } from '../graph/graph.ts';
import type { Tensors } from '../tensor.ts';

export interface RunOptions {
  /** Names of the outputs to bring back; all of them where absent. */
  readonly fetch?: readonly string[];
  /** Outputs that stay where they are and become inputs of the next run: output name → input name. */
  readonly carry?: Readonly<Record<string, string>>;
  /** Keys and values that the run reads and adds to in place. */
  readonly cache?: CacheRows;
  /** Arrays that never leave the runtime. */
  readonly store?: StoreUse;
}

/** Inputs that are neither given nor bound are taken from the store by their names. */
export interface StoreUse {
  readonly id: number;
  /** Outputs that go into the store instead of coming back: output name → name in the store. */
  readonly keep?: Readonly<Record<string, string>>;
}

/** Arrays by name on the runtime's device; what one session puts there is another's input. */
export interface TensorStore {
  readonly id: number;
  put(tensors: Tensors): Promise<void>;
  /** @returns copies */
  read(names: readonly string[]): Promise<Tensors>;
  release(): Promise<void>;
}

/** Some rows of a cache: `past.<layer>.{key,value}` of a graph's inputs and `present.<layer>.…` of its outputs. */
export interface CacheRows {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export interface CacheShape {
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
}

/** Keys and values [rows, heads, capacity, headSize] of every layer, which never leave the runtime. */
export interface KeyValueCache {
  readonly id: number;
  /** Makes room for so many rows and positions; what is there stays. */
  resize(rows: number, capacity: number): Promise<void>;
  /** Copies the first `length` positions of a row over those of another. */
  copyRow(move: RowCopy): Promise<void>;
  release(): Promise<void>;
}

export interface RowCopy {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** A graph made ready to run. Runs of one session are one after another. */
export interface Session {
  /** Inputs that stay the same from run to run until bound again: parameters, caches. */
  bind(feeds: Tensors): Promise<void>;
  run(feeds: Tensors, options?: RunOptions): Promise<Tensors>;
  release(): Promise<void>;
}

export interface SessionOptions {
  /** Threads inside an operator. The same number gives the same bytes. */
  readonly threads?: number;
  /** Keeps weights a second time, in the order in which products of few rows read them. */
  readonly prepack?: boolean;
  /** Where the runtime keeps time of every node, if it can: the beginning of the path of its own profile's file. */
  readonly profilePrefix?: string;
  /** Outputs that every run keeps in a store. */
  readonly kept?: readonly string[];
}

/** Something that executes graphs. All implementations pass one contract suite. */
export interface Runtime {
  readonly name: string;
  createSession(graph: Graph, options?: SessionOptions): Promise<Session>;
  /** Absent where attention on a cache in place is not to be had; generation then uses standard operators. */
  createCache?(shape: CacheShape): Promise<KeyValueCache>;
  /** Present where arrays would otherwise cross to a device and back. */
  createStore?(): Promise<TensorStore>;
  close(): Promise<void>;
}
