import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BaseError } from '@skein/core';
import { nextRestartDelayMs } from './restart-delay.ts';

const END_WITH_PARENT = fileURLToPath(new URL('./end-with-parent.ts', import.meta.url));
/** A database or a chain may have to recover first; a program that is not ready by then never will be. */
const READY_TIMEOUT_MS = 60_000;
/** A node saves its checkpoint within this time; afterwards it is killed, which it survives as well. */
const STOP_TIMEOUT_MS = 15_000;

/** A program of ours that prints one JSON line with `ready: true` on stdout once it can be used. */
export interface ProcessSpec {
  readonly name: string;
  /** Its TypeScript file and arguments. */
  readonly command: readonly string[];
  /** Everything it prints besides the ready line is appended here. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

export type ProcessEvent =
  | { readonly type: 'started'; readonly name: string; readonly pid: number }
  | { readonly type: 'ready'; readonly name: string; readonly line: ReadyLine }
  | { readonly type: 'ended'; readonly name: string; readonly how: string; readonly delayMs: number };

export type ReadyLine = Readonly<Record<string, unknown>>;

export interface SupervisedProcess {
  readonly name: string;
  /** Its first ready line. Rejects if the program ends five times before it was ready once. */
  readonly ready: Promise<ReadyLine>;
  /** Of the program that runs now. */
  pid(): number | undefined;
  restarts(): number;
  /** Asks the program to end, insists after 15 s, and starts it no more. */
  stop(): Promise<void>;
}

/** Ends before the first readiness after which starting again is no use. */
const HOPELESS_STARTS = 5;

/** Keeps a program running: starts it, and starts it again whenever it ends, until it is stopped. */
export function superviseProcess(spec: ProcessSpec, onEvent: (event: ProcessEvent) => void): SupervisedProcess {
  const stopping = new AbortController();
  const ready = Promise.withResolvers<ReadyLine>();
  ready.promise.catch(() => undefined);
  let child: ChildProcess | undefined;
  let starts = 0;

  const keep = async () => {
    let delayMs: number | null = null;
    let wasReady = false;
    while (!stopping.signal.aborted) {
      const startedMs = performance.now();
      child = await start(spec);
      if (stopping.signal.aborted) child.kill('SIGTERM');
      starts += 1;
      onEvent({ type: 'started', name: spec.name, pid: child.pid ?? 0 });
      readReadyLine(child, (line) => {
        wasReady = true;
        ready.resolve(line);
        onEvent({ type: 'ready', name: spec.name, line });
      });
      const unready = setTimeout(() => void child?.kill('SIGKILL'), READY_TIMEOUT_MS);
      void ready.promise.then(() => clearTimeout(unready)).catch(() => undefined);
      const how = await ended(child);
      clearTimeout(unready);
      if (stopping.signal.aborted) return;
      if (!wasReady && starts >= HOPELESS_STARTS) return ready.reject(hopeless(spec, how));
      delayMs = nextRestartDelayMs(delayMs, performance.now() - startedMs);
      onEvent({ type: 'ended', name: spec.name, how, delayMs });
      await delay(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const kept = keep();
  kept.catch((error: unknown) => ready.reject(error));

  return {
    name: spec.name,
    ready: ready.promise,
    pid: () => child?.pid,
    restarts: () => Math.max(0, starts - 1),
    async stop() {
      stopping.abort();
      child?.kill('SIGTERM');
      const insist = setTimeout(() => child?.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await kept.catch(() => undefined);
      clearTimeout(insist);
    },
  };
}

async function start({ command, logFile, env }: ProcessSpec): Promise<ChildProcess> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  try {
    return spawn(process.execPath, ['--import', END_WITH_PARENT, ...command], {
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, ...env },
      // Ctrl-C in a terminal reaches the whole group; the supervisor decides in which order its programs end.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

function readReadyLine(child: ChildProcess, onReady: (line: ReadyLine) => void): void {
  if (child.stdout === null) return;
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine(text);
    if (line?.ready === true) onReady(line);
  });
}

function parseLine(text: string): ReadyLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as ReadyLine) : null;
  } catch {
    return null;
  }
}

async function ended(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal === null ? `exit code ${code}` : signal;
}

function hopeless({ name, logFile }: ProcessSpec, how: string): BaseError {
  return new BaseError(
    'cli/process-failed',
    `The ${name} ended ${HOPELESS_STARTS} times before it was ready (${how}).`,
    {
      info: { name, logFile },
      hints: [`Read the end of ${logFile}.`],
    },
  );
}
