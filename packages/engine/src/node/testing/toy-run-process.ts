/**
 * A process that trains the toy model in a run directory and prints every event as a line of JSON, then the list
 * of its file operations, or the code and message of its error. For tests that kill it.
 * Arguments, as one JSON object: those of `storedToyRun`; `killAt`, a number of file operations; `waitAt`, an event's
 * type at which it waits for the end of its standard input.
 */
import { once } from 'node:events';
import type { TrainEvent } from '../../train/train-event.ts';
import { killAtFileOperation } from './kill-at-file-operation.ts';

const { killAt = 0, waitAt, ...options } = JSON.parse(process.argv[2] ?? '{}');
const operations = await killAtFileOperation(killAt);
const { storedToyRun } = await import('./stored-toy-run.ts');

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function onEvent(event: TrainEvent): Promise<void> {
  print(event);
  if (event.type === waitAt) await once(process.stdin.resume(), 'end');
}

try {
  await storedToyRun({ ...options, onEvent });
  print({ type: 'operations', operations });
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  print({ type: 'error', code, message });
  process.exitCode = 1;
}
