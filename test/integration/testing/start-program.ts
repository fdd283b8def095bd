import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program of ours in a process of its own. */
export interface Program {
  readonly child: ChildProcess;
  /** What it said when it was ready. */
  readonly line: Readonly<Record<string, unknown>>;
  /** Its log, a line each. */
  readonly log: readonly string[];
  /** Waits until a line of its log holds all of these. */
  says(...words: readonly string[]): Promise<void>;
  /** Ends it and waits for its end. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program and waits for the JSON line by which it says that it is ready. */
export async function startProgram(
  file: string,
  parts: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Program> {
  const child = spawn(process.execPath, [file, ...parts], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const log: string[] = [];
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => log.push(line));
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const value = JSON.parse(line) as Record<string, unknown>;
    if (value['ready'] === true) resolve(value);
  });
  child.once('exit', (code, signal) => reject(new Error(`${file} ended with ${signal ?? code}:\n${log.join('\n')}`)));
  const line = await promise;
  return {
    child,
    line,
    log,
    async says(...words) {
      const isSaid = () => log.some((said) => words.every((word) => said.includes(word)));
      while (!isSaid()) await Promise.race([once(lines, 'line'), once(lines, 'close').then(() => ended(file, log))]);
    },
    async end(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}

function ended(file: string, log: readonly string[]): never {
  throw new Error(`${file} ended:\n${log.join('\n')}`);
}
