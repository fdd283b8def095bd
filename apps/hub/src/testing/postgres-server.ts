import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where Debian and others put the server's programs. */
const FOLDERS = [18, 17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`);

/** Folder of initdb and postgres, or undefined where this machine has none. */
export function findPostgres(): string | undefined {
  return FOLDERS.find((folder) => existsSync(join(folder, 'initdb')));
}

export interface PostgresServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A real server of its own in a temporary folder, reached through a Unix socket. Root can't run one: postgres does. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'skein-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const account = isRoot ? await accountOf('postgres') : undefined;
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  const data = join(directory, 'data');
  const initialise = ['-D', data, '-U', 'skein', '-A', 'trust', '--no-sync'];
  await run(join(programs, 'initdb'), initialise, { ...account, cwd: directory });
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-k', directory, '-c', 'listen_addresses='], {
    ...account,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let log = '';
    server.once('exit', () => reject(new Error(`postgres ended: ${log}`)));
    server.stderr.on('data', (part: Buffer) => {
      log += String(part);
      if (log.includes('ready to accept connections')) resolve();
    });
  });
  return {
    url: `postgresql://skein@/postgres?host=${encodeURIComponent(directory)}`,
    async close() {
      server.kill('SIGINT');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function accountOf(name: string): Promise<{ uid: number; gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}
