/**
 * A process that trains the toy model in a run directory and prints every event as a line of JSON, then the number of
 * its file operations, or the code and message of its error. For tests that kill it.
 * Arguments, as one JSON object: {directory, resume, vocabulary, killAt}; killAt 0 lets it live.
 */
import { killAtFileOperation } from './kill-at-file-operation.ts';

const { killAt, ...options } = JSON.parse(process.argv[2] ?? '{}');
const operations = await killAtFileOperation(killAt);
const { storedToyRun } = await import('./stored-toy-run.ts');

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

try {
  await storedToyRun({ ...options, onEvent: print });
  print({ type: 'operations', count: operations() });
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  print({ type: 'error', code, message });
  process.exitCode = 1;
}
