import { parentPort } from 'node:worker_threads';
import { BaseError } from '@skein/core';
import { checkOf, sumOf, uploadOf } from './calculations.ts';

/** What the thread can do. */
const calculations = {
  upload: uploadOf,
  addUp: (files: Parameters<typeof sumOf>[0]) => sumOf(files),
  check: checkOf,
};

export type Calculations = typeof calculations;

export interface CalculatorRequest {
  readonly id: number;
  readonly name: keyof Calculations;
  readonly input: unknown;
}

export type CalculatorReply =
  | { readonly id: number; readonly output: unknown }
  | {
      readonly id: number;
      readonly error: { readonly code: string; readonly message: string; readonly hints: readonly string[] };
    };

let before: Promise<void> = Promise.resolve();
// One after the other: each holds several arrays as long as the model. `null` ends the thread.
parentPort?.on('message', (request: CalculatorRequest | null) => {
  before = serve(request, before);
});

async function serve(request: CalculatorRequest | null, after: Promise<void>): Promise<void> {
  await after;
  if (request === null) parentPort?.close();
  else parentPort?.postMessage(await answer(request));
}

async function answer({ id, name, input }: CalculatorRequest): Promise<CalculatorReply> {
  try {
    return { id, output: await calculations[name](input as never) };
  } catch (error) {
    const { message } = error as Error;
    const { code, hints } = error instanceof BaseError ? error : { code: 'node/calculator-fault', hints: [] };
    return { id, error: { code, message, hints } };
  }
}
