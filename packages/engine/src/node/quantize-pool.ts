import { Worker } from 'node:worker_threads';
import { BaseError } from '@skein/core';
import type { QuantizedMatrix, QuantizedStack, QuantizeReply, QuantizeRequest } from './quantize-worker.ts';

/** Threads that quantise matrices; each has one request at a time, so few results wait in memory. */
export interface QuantizePool {
  /** Read once while the pool lives. */
  digest(file: string): Promise<string>;
  quantize(request: QuantizeRequest & { kind: 'quantize' }): Promise<QuantizedMatrix>;
  stack(request: QuantizeRequest & { kind: 'stack' }): Promise<QuantizedStack>;
  close(): Promise<void>;
}

interface Job {
  readonly request: QuantizeRequest;
  readonly resolve: (reply: QuantizeReply) => void;
  readonly reject: (error: unknown) => void;
}

export function createQuantizePool(threads: number): QuantizePool {
  const queue: Job[] = [];
  const workers: Worker[] = [];
  const idle: (() => void)[] = [];

  const addWorker = () => {
    const worker = new Worker(new URL('./quantize-worker.ts', import.meta.url));
    let job: Job | undefined;
    const next = () => {
      job = queue.shift();
      if (job) worker.postMessage(job.request);
      else idle.push(next);
    };
    worker.on('message', (reply: QuantizeReply) => {
      if ('error' in reply) job?.reject(new BaseError('engine/quantize-failed', `Quantising failed: ${reply.error}.`));
      else job?.resolve(reply);
      next();
    });
    worker.on('error', (error) => job?.reject(error));
    workers.push(worker);
    next();
  };
  for (let i = 0; i < threads; i++) addWorker();

  const ask = (request: QuantizeRequest) =>
    new Promise<QuantizeReply>((resolve, reject) => {
      queue.push({ request, resolve, reject });
      idle.shift()?.();
    });
  const digests = new Map<string, Promise<string>>();
  const digestOf = async (file: string) => ((await ask({ kind: 'digest', file })) as { digest: string }).digest;
  return {
    digest(file) {
      const digest = digests.get(file) ?? digestOf(file);
      digests.set(file, digest);
      return digest;
    },
    quantize: async (request) => (await ask(request)) as QuantizedMatrix,
    stack: async (request) => (await ask(request)) as QuantizedStack,
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
