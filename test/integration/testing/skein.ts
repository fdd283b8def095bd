import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const SKEIN_PROGRAM = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url));

/** How a program of the command line ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line of `skein` as a process of its own. */
export function skein(words: readonly string[], cwd: string): Promise<Ended> {
  return endOf(process.execPath, [SKEIN_PROGRAM, ...words], cwd);
}

/** Runs a shell script in which `npx skein` is this checkout's, and which ends at the first failure. */
export function shell(script: string, cwd: string): Promise<Ended> {
  const npx = `npx() { shift; "${process.execPath}" "${SKEIN_PROGRAM}" "$@"; }`;
  return endOf('bash', ['-euc', `${npx}\n${script}`], cwd);
}

async function endOf(program: string, words: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(program, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [[exitCode], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { exitCode, stdout, stderr };
}
