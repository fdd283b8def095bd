import { readFile } from 'node:fs/promises';
import { COMMANDS } from './commands.ts';
import { describeError, type ErrorDescription } from './describe-error.ts';
import { EXIT_CODES } from './exit-code.ts';
import { helpText } from './help-text.ts';
import { parseCommandLine } from './parse-command-line.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/**
 * Runs one command line from its words to its exit code; errors end here, as one sentence on stderr or, with `--json`,
 * as the object on the last line of stdout.
 */
export async function runCli(
  line: readonly string[],
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<number> {
  const end = line.indexOf('--');
  const json = (end < 0 ? line : line.slice(0, end)).includes('--json');
  try {
    const parsed = parseCommandLine(line, COMMANDS);
    if (parsed.kind === 'help') {
      terminal.write(helpText(parsed.command, COMMANDS));
      return EXIT_CODES.done.code;
    }
    if (parsed.kind === 'version') {
      terminal.write(`${await readVersion()}\n`);
      return EXIT_CODES.done.code;
    }
    const { command, values, words } = parsed;
    const outcome = await command.run(values, { terminal, json, words, signal });
    if (json) terminal.write(`${JSON.stringify(outcome.json)}\n`);
    else if (outcome.text !== undefined) terminal.write(`${outcome.text}\n`);
    return outcome.exitCode ?? EXIT_CODES.done.code;
  } catch (error) {
    const interrupted = signal.aborted && error instanceof Error && error.name === 'AbortError';
    const description = interrupted ? INTERRUPTED : describeError(error);
    tell(description, json, terminal);
    if (interrupted) return EXIT_CODES.interrupted.code;
    return error instanceof UsageError ? EXIT_CODES.usage.code : EXIT_CODES.error.code;
  }
}

const INTERRUPTED: ErrorDescription = { code: 'cli/interrupted', message: 'Interrupted.', hints: [] };

function tell(error: ErrorDescription, json: boolean, terminal: Terminal): void {
  terminal.say(`error: ${error.message} [${error.code}]`);
  for (const hint of error.hints) terminal.say(`hint: ${hint}`);
  if (json) terminal.write(`${JSON.stringify({ error })}\n`);
}

async function readVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as object;
  return 'version' in manifest ? String(manifest.version) : 'unknown';
}
