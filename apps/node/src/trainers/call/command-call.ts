import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { Call } from './call-trainer.ts';
import { trainerFailed } from './http-call.ts';

export interface CommandCallOptions {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly folder: string;
  readonly timeoutMs: number;
}

/**
 * Starts a program for each request: JSON on its standard input, JSON on its standard output. What it says on its
 * standard error is the owner's own and goes where the node's does.
 */
export function createCommandCall({ command, folder, timeoutMs }: CommandCallOptions): Call {
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
    const output = buffer(child.stdout);
    // The exit tells; a program that doesn't read to the end breaks the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(request));
    try {
      const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null];
      if (code !== 0) throw trainerFailed(program, `${request.method} ended with ${killedBy ?? `exit code ${code}`}`);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) throw trainerFailed(program, `${request.method} took longer than ${timeoutMs / 1000} s`);
      throw (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? trainerFailed(program, 'there is no such program')
        : error;
    }
    return parseJson(program, await output);
  };
}

function parseJson(program: string, output: Buffer): unknown {
  try {
    return JSON.parse(output.toString('utf8'));
  } catch {
    // The parser's message would quote the output.
    throw trainerFailed(program, 'it printed something that is not JSON');
  }
}
