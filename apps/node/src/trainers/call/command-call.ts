import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Call } from './call-trainer.ts';
import type { CallLimits } from './http-call.ts';
import { answerTooLong, parseText, trainerFailed, trainerRefused } from './trainer-failed.ts';

export interface CommandCallOptions extends CallLimits {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly folder: string;
}

/**
 * Starts a program for each request: JSON on its standard input, JSON on its standard output. What it says on its
 * standard error is the owner's own and goes where the node's does.
 */
export function createCommandCall({ command, folder, timeoutMs, answerBytes }: CommandCallOptions): Call {
  const [program = '', ...parts] = command;
  return async (request, signal) => {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(timeoutMs);
    const child = spawn(program, parts, {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
      signal: AbortSignal.any([signal, limit]),
      killSignal: 'SIGKILL',
    });
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    child.stdout.on('data', (piece: Buffer) => {
      sizeBytes += piece.length;
      if (sizeBytes > answerBytes) child.kill('SIGKILL');
      else pieces.push(piece);
    });
    // The exit tells; a program that doesn't read to the end breaks the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(request));
    try {
      const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null];
      if (sizeBytes > answerBytes) throw answerTooLong(program, answerBytes);
      if (killedBy !== null) throw trainerFailed(program, `${request.method} ended with ${killedBy}`);
      if (code !== 0) throw trainerRefused(program, `${request.method} ended with exit code ${code}`);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) throw trainerFailed(program, `${request.method} took longer than ${timeoutMs / 1000} s`);
      throw (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? trainerFailed(program, 'there is no such program')
        : error;
    }
    return parseText(program, Buffer.concat(pieces));
  };
}
