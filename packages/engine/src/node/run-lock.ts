import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { diskError } from './disk-error.ts';

const ownerSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** When the process started, in the kernel's own count; null where the system does not tell. */
  startedAt: z.string().nullable(),
  /** Tells this lock from every other, also of the same process. */
  id: z.string(),
});

type Owner = z.infer<typeof ownerSchema>;

export interface RunLock {
  release(): Promise<void>;
}

const lockName = 'run.lock';

/**
 * Takes a run directory for this process. The lock of a process that is no longer alive is taken over; a process
 * number that was given to another process since is told apart by its start time where the system shows it (Linux).
 * @throws BaseError `engine/run-locked` where a living process, or any process of another host, holds it.
 */
export async function acquireRunLock(directory: string): Promise<RunLock> {
  try {
    return await acquire(join(directory, lockName), directory);
  } catch (error) {
    throw diskError(error, join(directory, lockName));
  }
}

async function acquire(path: string, directory: string): Promise<RunLock> {
  const id = randomUUID();
  const owner: Owner = { pid: process.pid, host: hostname(), startedAt: await startTime(process.pid), id };
  // A link appears at once and with its content, so nobody ever reads half a lock.
  const draft = join(directory, `${lockName}.${id}`);
  try {
    await writeFile(draft, JSON.stringify(owner));
    while (!(await tryLink(draft, path))) await removeIfStale(path, directory);
  } finally {
    await rm(draft, { force: true });
  }
  return { release: () => rm(path, { force: true }) };
}

async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Several processes may find the same stale lock, and a slow one must not remove the fresh lock of a fast one. So each
 * lock has a lock of its own on its removal, named by its content: who holds that and still finds the same content can
 * remove it safely. A process that died in between has left that lock stale in its turn, which the same rule settles.
 */
async function removeIfStale(path: string, directory: string): Promise<void> {
  const content = await readIfPresent(path);
  if (content === null) return;
  const owner = parseOwner(content);
  if (owner !== null && (await isAlive(owner))) throw lockedError(directory, owner);
  const name = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const removal = await acquire(join(directory, `${lockName}.${name}`), directory);
  try {
    if ((await readIfPresent(path)) === content) await rm(path);
  } finally {
    await removal.release();
  }
}

/** A lock that cannot be read was not written by us whole; its owner cannot be alive. */
function parseOwner(content: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(content));
  } catch {
    return null;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return owner.startedAt === null || owner.startedAt === (await startTime(owner.pid));
}

/** Field 22 of /proc/PID/stat (ticks since boot) with the boot's id; the name in field 2 may hold blanks. */
async function startTime(pid: number): Promise<string | null> {
  const stat = await readIfPresent(`/proc/${pid}/stat`);
  const boot = await readIfPresent('/proc/sys/kernel/random/boot_id');
  if (stat === null || boot === null) return null;
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${boot.trim()}/${ticks}`;
}

async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function lockedError(directory: string, owner: Owner): BaseError {
  const where = owner.host === hostname() ? '' : ` on ${owner.host}`;
  return new BaseError('engine/run-locked', `Process ${owner.pid}${where} is using the run directory ${directory}.`, {
    info: { directory, pid: owner.pid, host: owner.host },
    hints: ['Wait until it ends, or choose another directory.', `If it no longer runs, delete ${lockName} in there.`],
  });
}
