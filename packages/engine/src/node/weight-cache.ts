import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BaseError } from '@skein/core';
import type { ExternalBytes } from '../graph/graph.ts';
import { diskError } from './disk-error.ts';
import { partialSuffix, syncDirectory } from './durable-file.ts';
import type { ModelFolder } from './model-folder.ts';
import type { QuantizePool } from './quantize-pool.ts';

export interface CacheEntryOptions {
  /** Name of the folder beside the model: what was made belongs to its bytes, and may be large. */
  readonly folder: string;
  /** What besides the weights decides what is made; plain JSON. */
  readonly key: object;
  /** Fills the new folder of the entry. */
  readonly write: (partial: string) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The folder of what is made of a model's weights, made now where it isn't there. It is named by the SHA-256 of the
 * weights' files, so another model's is never taken; it appears whole, by a rename.
 * @throws BaseError `engine/not-writable`, `engine/disk-full` where it can't be kept.
 */
export async function openCacheEntry(
  model: ModelFolder,
  pool: QuantizePool,
  options: CacheEntryOptions,
): Promise<string> {
  const entry = join(model.path, options.folder, await entryName(model, pool, options.key));
  if (!existsSync(entry)) await makeEntry(entry, options);
  return entry;
}

async function entryName({ weights }: ModelFolder, pool: QuantizePool, key: object): Promise<string> {
  const files = [...new Set([...weights.values()].map(({ source }) => (source as ExternalBytes).file))].toSorted();
  const digests = await Promise.all(files.map((file) => pool.digest(file)));
  const all = createHash('sha256').update(JSON.stringify({ ...key, digests }));
  return all.digest('hex').slice(0, 32);
}

async function makeEntry(entry: string, { write, signal }: CacheEntryOptions): Promise<void> {
  const parent = dirname(entry);
  const partial = `${entry}.${process.pid}-${randomUUID()}${partialSuffix}`;
  try {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent);
    await mkdir(partial);
    await write(partial);
    await rename(partial, entry).catch((error: NodeJS.ErrnoException) => {
      // Another process has made the same entry meanwhile.
      if (!existsSync(entry)) throw error;
    });
    await syncDirectory(parent);
  } catch (error) {
    throw error instanceof BaseError || signal?.aborted ? error : diskError(error, entry);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** What a process left that was killed while it wrote. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /\.(\d+)-[0-9a-f-]+\.partial$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
