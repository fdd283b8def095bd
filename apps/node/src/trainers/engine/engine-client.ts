import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BaseError } from '@skein/core';
import type {
  EngineOperation,
  EngineOperations,
  EngineReply,
  EngineRequest,
  EngineSubject,
} from './engine-messages.ts';

const PROGRAM = fileURLToPath(new URL('./engine-process.ts', import.meta.url));

/** The engine's process, from here. */
export interface EngineClient {
  /** Starts the process where none runs. Rejects with its BaseError, or `node/engine-died` where it ended meanwhile. */
  readonly call: <Name extends EngineOperation>(
    operation: Name,
    input: EngineOperations[Name]['in'],
    signal?: AbortSignal,
  ) => Promise<EngineOperations[Name]['out']>;
  /** Ends the process and waits for its end. */
  readonly close: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export function createEngineClient(subject: EngineSubject): EngineClient {
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | undefined;
  let last = 0;
  return {
    async call(operation, input, signal) {
      signal?.throwIfAborted();
      const id = ++last;
      child ??= start(subject, waiting, () => {
        child = undefined;
      });
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.set(id, { resolve, reject });
      const abort = (): void => send(child, { type: 'abort', id });
      signal?.addEventListener('abort', abort);
      send(child, { type: 'call', id, operation, input });
      try {
        return (await promise) as EngineOperations[typeof operation]['out'];
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
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

function start(subject: EngineSubject, waiting: Map<number, Waiting>, onExit: () => void): ChildProcess {
  // The supervisor's --import would end a program without standard input at once.
  const child = fork(PROGRAM, {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.on('message', (reply: EngineReply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) call?.reject(new BaseError(reply.error.code, reply.error.message, reply.error));
    else call?.resolve(reply.output);
  });
  child.once('exit', (code, signal) => {
    onExit();
    const died = new BaseError('node/engine-died', `The engine's process ended with ${signal ?? `exit code ${code}`}.`);
    for (const interrupted of waiting.values()) interrupted.reject(died);
    waiting.clear();
  });
  send(child, { type: 'open', subject });
  return child;
}

/** A child that just ended tells so by its exit; the message is lost with it. */
function send(child: ChildProcess | undefined, request: EngineRequest): void {
  if (child?.connected) child.send(request, () => undefined);
}
