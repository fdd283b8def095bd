import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BaseError } from '@skein/core';
import type { CalculatorReply, CalculatorRequest, Calculations } from './calculator-thread.ts';

/**
 * The long computations of a round in a thread of their own, so that the loop keeps answering. Arrays as long as the model
 * stay there: between threads go names of files. Its small heap also makes their garbage cheap to collect.
 */
export interface Calculator {
  /** Rejects with the signal's reason; what is under way ends unheard. */
  calculate<Name extends keyof Calculations>(
    name: Name,
    input: Parameters<Calculations[Name]>[0],
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<Calculations[Name]>>>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts the thread at the first use, and again after one that broke down. */
export function createCalculator(): Calculator {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let last = 0;
  const start = (): Worker => {
    // What a supervisor loads into its programs watches their standard input, which no thread has.
    const started = new Worker(new URL('./calculator-thread.ts', import.meta.url), { execArgv: [] });
    const broke = (error: unknown): void => {
      if (worker === started) worker = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    started.on('message', (reply: CalculatorReply) => {
      const call = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('output' in reply) call?.resolve(reply.output as never);
      else call?.reject(new BaseError(reply.error.code, reply.error.message, { hints: reply.error.hints }));
    });
    started.on('error', broke);
    started.on('exit', () => broke(new BaseError('node/calculator-ended', 'The thread that computes has ended.')));
    return started;
  };
  return {
    async calculate(name, input, signal) {
      signal.throwIfAborted();
      worker ??= start();
      const id = ++last;
      const { promise, resolve, reject } = Promise.withResolvers<never>();
      waiting.set(id, { resolve, reject });
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      const request: CalculatorRequest = { id, name, input };
      worker.postMessage(request);
      return await promise.finally(() => {
        waiting.delete(id);
        signal.removeEventListener('abort', abort);
      });
    },
    async close() {
      const closing = worker;
      if (closing === undefined) return;
      const exit = once(closing, 'exit');
      closing.postMessage(null);
      await exit;
    },
  };
}
