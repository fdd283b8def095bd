import { createServer } from 'node:net';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const portsSchema = z.strictObject({ chain: z.int(), hub: z.int() });

/** Where the programs of one machine keep what is theirs: a folder each, and a log each. */
export interface LocalDirectory {
  readonly path: string;
  readonly chain: string;
  readonly hub: string;
  /** Addresses of the contracts on the embedded chain. */
  readonly book: string;
  /** Ports stay the same across restarts, so that whoever is connected finds the program again. */
  readonly ports: { readonly chain: number; readonly hub: number };
  nodeDirectory(name: string): string;
  logFile(name: string): string;
}

/** Makes the folder, or opens it with the ports that it has had. */
export async function openLocalDirectory(
  path: string,
  wanted: Partial<LocalDirectory['ports']> = {},
): Promise<LocalDirectory> {
  await mkdir(join(path, 'logs'), { recursive: true });
  return {
    path,
    chain: join(path, 'chain'),
    hub: join(path, 'hub'),
    book: join(path, 'chain', 'address-book.json'),
    ports: await readPorts(join(path, 'ports.json'), wanted),
    nodeDirectory: (name) => join(path, 'nodes', name),
    logFile: (name) => join(path, 'logs', `${name}.log`),
  };
}

/** Names of the nodes that live in the folder. */
export async function nodeNames({ path }: LocalDirectory): Promise<string[]> {
  const entries = await readdir(join(path, 'nodes'), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

async function readPorts(file: string, wanted: Partial<LocalDirectory['ports']>): Promise<LocalDirectory['ports']> {
  const known = await readFile(file, 'utf8').then(JSON.parse, () => null);
  const parsed = portsSchema.safeParse(known);
  if (parsed.success) return parsed.data;
  const ports = { chain: wanted.chain ?? (await freePort()), hub: wanted.hub ?? (await freePort()) };
  await writeFile(`${file}.new`, JSON.stringify(ports));
  await rename(`${file}.new`, file);
  return ports;
}

/** A port that nobody listens on now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
