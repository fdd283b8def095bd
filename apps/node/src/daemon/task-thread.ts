import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BaseError } from '@skein/core';
import type { TaskReply, TaskRequest, Tasks } from './serve-tasks.ts';

/**
 * Long work in a thread of its own, so that the loop keeps answering. Big arrays stay there: between threads go names of
 * files. Its small heap also makes their garbage cheap to collect.
 */
export interface TaskThread<Served extends Tasks> {
  /** Rejects with the signal's reason. */
  run<Name extends keyof Served & string>(
    name: Name,
    input: Parameters<Served[Name]>[0],
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<Served[Name]>>>;
  close(): Promise<void>;
}

export interface TaskThreadOptions {
  /** The thread's program, which calls `serveTasks`. */
  readonly file: URL;
  /** What it is started with. */
  readonly data?: unknown;
  /** Whether a task that is aborted is left to end unheard, instead of waited for. */
  readonly leavesAborted: boolean;
}

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts the thread at the first use, and again after one that broke down. */
export function createTaskThread<Served extends Tasks>(options: TaskThreadOptions): TaskThread<Served> {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let last = 0;
  return {
    async run(name, input, signal) {
      signal.throwIfAborted();
      const thread = (worker ??= startWorker(options, waiting, (ended) => {
        if (worker === ended) worker = undefined;
      }));
      const id = ++last;
      const { promise, resolve, reject } = Promise.withResolvers<never>();
      waiting.set(id, { resolve, reject });
      const abort = (): void => {
        if (options.leavesAborted) reject(signal.reason);
        thread.postMessage({ kind: 'abort', id } satisfies TaskRequest);
      };
      signal.addEventListener('abort', abort, { once: true });
      thread.postMessage({ kind: 'run', id, name, input } satisfies TaskRequest);
      try {
        return await promise;
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        waiting.delete(id);
        signal.removeEventListener('abort', abort);
      }
    },
    async close() {
      const closing = worker;
      if (closing === undefined) return;
      const exit = once(closing, 'exit');
      closing.postMessage({ kind: 'close' } satisfies TaskRequest);
      await exit;
    },
  };
}

/** @param onEnd once it can't be used any more, however it ended */
function startWorker(
  { file, data }: TaskThreadOptions,
  waiting: Map<number, Waiting>,
  onEnd: (worker: Worker) => void,
): Worker {
  // What a supervisor loads into its programs watches their standard input, which no thread has.
  const worker = new Worker(file, { execArgv: [], workerData: data });
  const broke = (error: unknown): void => {
    onEnd(worker);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('message', (reply: TaskReply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('output' in reply) call?.resolve(reply.output as never);
    else call?.reject(errorOf(reply.error));
  });
  worker.on('error', broke);
  worker.on('exit', () => broke(new BaseError('node/thread-ended', 'A thread of the node has ended.')));
  return worker;
}

function errorOf({ code, message, hints, info }: Extract<TaskReply, { error: unknown }>['error']): BaseError {
  return new BaseError(code, message, { hints, info });
}
