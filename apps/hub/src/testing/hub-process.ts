import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

export interface HubProcess {
  readonly url: string;
  /** What it has logged so far. */
  log(): string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

export interface HubArguments {
  readonly directory: string;
  readonly port: number;
  readonly rpcUrl: string;
  readonly bookFile: string;
}

/** The hub as its users start it, in a process that can be killed; ends with the test. @param options more of its own */
export async function startHubProcess(
  { directory, port, rpcUrl, bookFile }: HubArguments,
  options: readonly string[] = ['--log-level', 'error'],
): Promise<HubProcess> {
  const main = join(import.meta.dirname, '..', 'main.ts');
  const parameters = ['--directory', directory, '--port', String(port), '--rpc', rpcUrl, '--book', bookFile];
  const child = spawn(process.execPath, [main, ...parameters, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (data: Buffer) => void (log += data.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  const line = await firstLine(child);
  const { url } = JSON.parse(line) as { url: string };
  return {
    url,
    log: () => log,
    async kill(signal) {
      const ended = once(child, 'close');
      child.kill(signal);
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new TypeError('the hub’s stdout is not read');
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error('the hub ended before it was ready');
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
