import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BaseError } from '@skein/core';
import { toMicroNats, type Trainer } from '../trainer.ts';
import type {
  EngineInfo,
  EngineOperation,
  EngineOperations,
  EngineReply,
  EngineRequest,
  EngineSubject,
} from './engine-messages.ts';

/** A step of a large model may take this long in all. */
const LOCK_LOOKS = 300;
const LOCK_PAUSE_MS = 200;
const PROGRAM = fileURLToPath(new URL('./engine-process.ts', import.meta.url));

/** The built-in trainer, and what only it can tell. */
export interface EngineTrainer extends Trainer {
  info(): Promise<EngineInfo>;
  /** Where round 0 starts. */
  initial(): Promise<Float32Array>;
  /** Loss, and on how much it was measured. */
  measure(parameters: Float32Array, signal: AbortSignal): Promise<EngineOperations['evaluate']['out']>;
  /** Writes a PEFT adapter folder, or a model folder in full fine-tuning. */
  write(path: string, parameters: Float32Array): Promise<void>;
}

interface Waiting {
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

/**
 * Starts the engine in a process of its own at the first call, and again where it died. A training that was
 * interrupted by a kill goes on from its last checkpoint when it is asked for again.
 */
export function createEngineTrainer(subject: EngineSubject): EngineTrainer {
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | undefined;
  let last = 0;

  const start = (): ChildProcess => {
    // The supervisor's --import would end a program without standard input at once.
    const started = fork(PROGRAM, { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    started.on('message', (reply: EngineReply) => {
      const call = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('error' in reply) call?.reject(new BaseError(reply.error.code, reply.error.message, reply.error));
      else call?.resolve(reply.output);
    });
    started.once('exit', (code, signal) => {
      if (child === started) child = undefined;
      for (const [id, { reject }] of waiting) {
        waiting.delete(id);
        reject(new BaseError('node/engine-died', `The engine's process ended with ${signal ?? `exit code ${code}`}.`));
      }
    });
    send(started, { type: 'open', subject });
    return started;
  };

  const call = async <Name extends EngineOperation>(
    operation: Name,
    input: EngineOperations[Name]['in'],
    signal?: AbortSignal,
  ): Promise<EngineOperations[Name]['out']> => {
    signal?.throwIfAborted();
    const id = ++last;
    child ??= start();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.set(id, { resolve, reject });
    const abort = (): void => send(child, { type: 'abort', id });
    signal?.addEventListener('abort', abort);
    send(child, { type: 'call', id, operation, input });
    try {
      return (await promise) as EngineOperations[Name]['out'];
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  };

  return {
    async describe() {
      const { parameterCount } = await call('describe', {});
      return { name: 'engine', parameterCount };
    },
    info: () => call('describe', {}),
    initial: () => call('initial', {}),
    async train({ parameters, round, seed, directory, signal }) {
      const input = { parameters, round, seed, directory };
      const { trained, examples, lossNatsPerToken } = await whileLocked(() => call('train', input, signal), signal);
      const update = trained.map((value, index) => value - parameters[index]!);
      return { update, examples, lossMicroNats: toMicroNats(lossNatsPerToken) };
    },
    measure: (parameters, signal) => call('evaluate', { parameters }, signal),
    async evaluate(parameters, signal) {
      return toMicroNats((await call('evaluate', { parameters }, signal)).lossNatsPerToken);
    },
    async write(path, parameters) {
      await call('write', { path, parameters });
    },
    async close() {
      const closing = child;
      if (closing === undefined) return;
      await new Promise<void>((resolve) => {
        closing.once('exit', () => resolve());
        closing.disconnect();
      });
    },
  };
}

/** The process of a node that was killed ends a moment after it, and holds the round's folder until then. */
async function whileLocked<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let left = LOCK_LOOKS; ; left--) {
    try {
      return await task();
    } catch (error) {
      if (left === 0 || !(error instanceof BaseError) || error.code !== 'engine/run-locked') throw error;
      await delay(LOCK_PAUSE_MS, undefined, { signal });
    }
  }
}

/** A child that just ended tells so by its exit; the message is lost with it. */
function send(child: ChildProcess | undefined, request: EngineRequest): void {
  if (child?.connected) child.send(request, () => undefined);
}
