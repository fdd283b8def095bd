import { parentPort } from 'node:worker_threads';
import { BaseError } from '@skein/core';

/** What a thread can do, by name; input and output are plain data. */
export type Tasks = Readonly<Record<string, (input: never, signal: AbortSignal) => Promise<unknown>>>;

export type TaskRequest =
  | { readonly kind: 'run'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'close' };

export type TaskReply =
  | { readonly id: number; readonly output: unknown }
  | {
      readonly id: number;
      readonly error: Pick<BaseError, 'code' | 'message' | 'hints' | 'info'>;
    };

/** Serves a `TaskThread` from within its thread. @param isSerial one task after the other */
export function serveTasks(tasks: Tasks, { isSerial }: { readonly isSerial: boolean }): void {
  const stops = new Map<number, AbortController>();
  const running = new Set<Promise<void>>();
  let last: Promise<void> = Promise.resolve();
  const serve = async (
    { id, name, input }: Extract<TaskRequest, { kind: 'run' }>,
    after: Promise<void>,
  ): Promise<void> => {
    const stop = new AbortController();
    stops.set(id, stop);
    await after;
    parentPort?.postMessage(await answer(id, () => tasks[name]!(input as never, stop.signal)));
    stops.delete(id);
  };
  parentPort?.on('message', (request: TaskRequest) => {
    if (request.kind === 'abort') stops.get(request.id)?.abort(new Error('no longer wanted'));
    else if (request.kind === 'run') {
      const served = serve(request, isSerial ? last : Promise.resolve());
      last = served;
      running.add(served);
      void served.then(() => running.delete(served));
    } else void Promise.all(running).then(() => parentPort?.close());
  });
}

async function answer(id: number, task: () => Promise<unknown>): Promise<TaskReply> {
  try {
    return { id, output: await task() };
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof BaseError))
      return { id, error: { code: 'node/thread-fault', message, hints: [], info: {} } };
    const { code, hints, info } = error;
    return { id, error: { code, message, hints, info } };
  }
}
