import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { type Checkpoint, trainerStateSchema } from '../train/checkpoint.ts';
import { diskError } from './disk-error.ts';
import { partialSuffix, syncDirectory, writeDurably } from './durable-file.ts';
import { float32ToWrite, readSafetensors, writeSafetensors } from './safetensors-file.ts';

/** What a run directory keeps beside a checkpoint's tensors. */
const recordSchema = z.strictObject({
  state: trainerStateSchema,
  /** How long metrics.jsonl was, in bytes, when the checkpoint was taken. */
  metricsBytes: z.int().min(0),
});

export interface StoredCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly metricsBytes: number;
}

/** The newest may turn out to be damaged, so one older is kept. */
const checkpointsKept = 2;
const removedSuffix = '.removed';
const tensorsName = 'tensors.safetensors';
const stateName = 'state.json';

/**
 * Writes `step-000123` under a temporary name, syncs and renames it, then removes all but the newest two. A crash at
 * any instant leaves whole checkpoints only under such names.
 * @throws BaseError `engine/disk-full`, `engine/not-writable`.
 */
export async function writeCheckpoint(checkpoints: string, stored: StoredCheckpoint): Promise<void> {
  const { state, tensors } = stored.checkpoint;
  const path = join(checkpoints, nameOf(state.step));
  const partial = path + partialSuffix;
  try {
    await mkdir(partial);
    await writeSafetensors(join(partial, tensorsName), tensors.map(float32ToWrite));
    await writeDurably(join(partial, stateName), [encodeRecord({ state, metricsBytes: stored.metricsBytes })]);
    // A run interrupted twice at one step has saved it before. Between the two renames the older checkpoint is newest.
    await removeWhole(path);
    await rename(partial, path);
    await syncDirectory(checkpoints);
    for (const old of (await listCheckpoints(checkpoints)).slice(checkpointsKept)) await removeWhole(old);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw diskError(error, path);
  }
}

/** @throws BaseError `engine/checkpoint-damaged` naming the directory to delete to go on from the one before. */
export async function readCheckpoint(path: string): Promise<StoredCheckpoint> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(join(path, stateName), 'utf8')));
    const tensors = await readSafetensors(join(path, tensorsName));
    return { checkpoint: { state: record.state, tensors }, metricsBytes: record.metricsBytes };
  } catch (cause) {
    throw new BaseError('engine/checkpoint-damaged', `The checkpoint ${path} cannot be read.`, {
      info: { path },
      hints: [`Delete ${basename(path)} to resume from the checkpoint before it.`],
      cause,
    });
  }
}

/** Paths of whole checkpoints, the newest first. */
export async function listCheckpoints(checkpoints: string): Promise<string[]> {
  const names = (await readdir(checkpoints)).filter((name) => /^step-\d{6,}$/.test(name));
  return names.sort((a, b) => stepOf(b) - stepOf(a)).map((name) => join(checkpoints, name));
}

/** Removes what a killed process left unfinished. Only for the holder of the run's lock. */
export async function removeUnfinished(checkpoints: string): Promise<void> {
  for (const name of await readdir(checkpoints)) {
    if (name.endsWith(partialSuffix) || name.endsWith(removedSuffix)) {
      await rm(join(checkpoints, name), { recursive: true, force: true });
    }
  }
}

/** Takes the name away first: a kill in the middle must not leave half a checkpoint under it. */
async function removeWhole(path: string): Promise<void> {
  const removed = path + removedSuffix;
  try {
    await rename(path, removed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await rm(removed, { recursive: true, force: true });
}

function nameOf(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

function stepOf(name: string): number {
  return Number(name.slice('step-'.length));
}

function encodeRecord(record: z.infer<typeof recordSchema>): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}
