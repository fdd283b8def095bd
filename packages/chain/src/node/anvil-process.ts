import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { BaseError } from '@skein/core';
import { foundryBinary } from './foundry-binary.ts';

/** A running anvil on a private port. */
export interface AnvilProcess {
  readonly url: string;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  kill(): Promise<void>;
}

/**
 * anvil must not outlive us, and a killed process can't tidy up: a shell holds the other end of a pipe that closes with
 * us, and then kills it. It also prints anvil's process id, for the case that somebody kills the shell.
 */
const guard = `exec 3<&0
"$0" "$@" & child=$!
echo "pid $child"
( read -r _ <&3; kill -9 $child ) & watch=$!
wait $child; code=$?
kill $watch 2>/dev/null
exit $code`;

const readyTimeoutMs = 60_000;

/** @throws BaseError `chain/anvil-failed` with the last of what anvil said; what `signal` was aborted with */
export async function startAnvil(args: readonly string[], signal?: AbortSignal): Promise<AnvilProcess> {
  const binary = foundryBinary('anvil');
  const everyArg = [...args, '--host', '127.0.0.1', '--port', '0'];
  // In a group of its own: Ctrl-C reaches everything in a terminal, and we still want a copy of the state.
  const options = { stdio: 'pipe', detached: process.platform !== 'win32' } as const;
  const child =
    process.platform === 'win32'
      ? spawn(binary, everyArg, options)
      : spawn('/bin/sh', ['-c', guard, binary, ...everyArg], options);
  const ended = once(child, 'exit').then(() => undefined);
  let pid: number | undefined;
  const kill = async (): Promise<void> => {
    child.stdin?.end();
    if (pid !== undefined) tryKill(pid);
    else child.kill('SIGKILL');
    await ended;
  };
  try {
    const url = await readUrl(child, { signal, onPid: (value) => (pid = value) });
    void ended.then(() => pid !== undefined && tryKill(pid));
    return { url, ended, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

interface Watch {
  readonly signal: AbortSignal | undefined;
  readonly onPid: (pid: number) => void;
}

async function readUrl(child: ChildProcess, { signal, onPid }: Watch): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = () => reject(anvilError(said));
    const timer = setTimeout(fail, readyTimeoutMs);
    const stop = () => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    const onData = (text: string): void => {
      said = (said + text).slice(-4000);
      const pid = /^pid (\d+)$/m.exec(said)?.[1];
      if (pid !== undefined) onPid(Number(pid));
      const address = /Listening on (\S+)/.exec(said)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', onData).resume();
      resolve(`http://${address}`);
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', onData);
    child.once('exit', fail);
    child.once('error', fail);
  });
}

function anvilError(said: string): BaseError {
  const lastLine = said.trim().split('\n').at(-1) ?? '';
  return new BaseError('chain/anvil-failed', `anvil did not start: ${lastLine || 'it said nothing'}`, {
    info: { said },
    hints: ['Run `npm run setup`; on Linux the binary needs glibc.'],
  });
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
