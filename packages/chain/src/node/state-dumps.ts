import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { KEPT_DUMPS } from './limits.ts';
import { writeDurably } from './write-durably.ts';

const pattern = /^state-(\d{12})-([0-9a-f]{64})\.json\.gz$/;

/** A copy of the chain's whole state. */
export interface StateDump {
  /** Journal entries up to this one are in it. */
  readonly sequence: number;
  readonly path: string;
}

/** Writes a copy, named by its place in the journal and its own hash, then drops all but the newest few. */
export async function saveDump(directory: string, sequence: number, gzipped: Uint8Array): Promise<void> {
  const digest = createHash('sha256').update(gzipped).digest('hex');
  const name = `state-${String(sequence).padStart(12, '0')}-${digest}.json.gz`;
  await writeDurably(join(directory, name), gzipped);
  for (const { path } of (await listDumps(directory)).slice(KEPT_DUMPS)) await rm(path, { force: true });
}

/** All copies, newest first, sound or not. */
export async function listDumps(directory: string): Promise<StateDump[]> {
  const names = (await readdir(directory)).filter((name) => pattern.test(name)).toSorted();
  return names.reverse().map((name) => ({ sequence: Number(pattern.exec(name)?.[1]), path: join(directory, name) }));
}

/** The state as anvil's JSON. @returns undefined for a copy that is damaged */
export async function readDump({ path }: StateDump): Promise<Uint8Array | undefined> {
  try {
    const gzipped = await readFile(path);
    const digest = createHash('sha256').update(gzipped).digest('hex');
    return path.includes(digest) ? await promisify(gunzip)(gzipped) : undefined;
  } catch {
    return undefined;
  }
}
