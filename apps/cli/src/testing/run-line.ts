import { PassThrough } from 'node:stream';
import { createProgress } from '../progress.ts';
import { runCli } from '../run-cli.ts';
import type { Terminal } from '../terminal.ts';

export interface LineResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process, as `skein` would, on streams that are kept. */
export async function runLine(
  words: readonly string[],
  {
    signal = new AbortController().signal,
    onTalk,
    input = '',
  }: { signal?: AbortSignal; onTalk?: (text: string) => void; input?: string } = {},
): Promise<LineResult> {
  let stdout = '';
  let stderr = '';
  const talk = (text: string): void => {
    stderr += text;
    onTalk?.(text);
  };
  const terminal: Terminal = {
    colour: false,
    write: (text) => void (stdout += text),
    say: (line) => talk(`${line}\n`),
    // Every state is shown, so that a test can act on one.
    progress: (options) => createProgress({ ...options, nowMs: countUp(), live: false, out: { write: talk } }),
    input: new PassThrough().end(input) as unknown as NodeJS.ReadStream,
    output: new PassThrough() as unknown as NodeJS.WriteStream,
    talk: new PassThrough() as unknown as NodeJS.WriteStream,
  };
  const exitCode = await runCli(words, { terminal, signal });
  return { exitCode, stdout, stderr };
}

/** A clock that is later by a minute at each look. */
function countUp(): () => number {
  let ms = 0;
  return () => (ms += 60_000);
}

/** The object that `--json` puts on the last line of stdout. */
export function jsonOf({ stdout }: LineResult): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
}
