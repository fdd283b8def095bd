import type { Graph } from '../graph/graph.ts';
import type { Tensors } from '../tensor.ts';

export interface RunOptions {
  /** Names of the outputs to bring back; all of them where absent. */
  readonly fetch?: readonly string[];
  /** Outputs that stay where they are and become inputs of the next run: output name → input name. */
  readonly carry?: Readonly<Record<string, string>>;
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
}

/** Something that executes graphs. All implementations pass one contract suite. */
export interface Runtime {
  readonly name: string;
  createSession(graph: Graph, options?: SessionOptions): Promise<Session>;
  close(): Promise<void>;
}
