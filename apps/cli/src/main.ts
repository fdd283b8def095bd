import { EXIT_CODES } from './exit-code.ts';
import { runCli } from './run-cli.ts';
import { createTerminal } from './terminal.ts';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait for a checkpoint.
    if (interruption.signal.aborted) process.exit(EXIT_CODES.interrupted.code);
    interruption.abort();
  });
}
// A reader that has seen enough, as `head` does, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT_CODES.done.code);
  process.stderr.write(`error: The output could not be written: ${error.message}. [cli/output]\n`);
  process.exit(EXIT_CODES.error.code);
});

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: createTerminal(process),
  signal: interruption.signal,
});
