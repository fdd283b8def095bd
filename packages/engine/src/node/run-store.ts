import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError, digestOfJson } from '@skein/core';
import type { Checkpoint } from '../train/checkpoint.ts';
import { configDifferences } from '../train/config-difference.ts';
import type { TrainEvent } from '../train/train-event.ts';
import {
  listCheckpoints,
  readCheckpoint,
  removeUnfinished,
  type StoredCheckpoint,
  writeCheckpoint,
} from './checkpoint-directory.ts';
import { diskError } from './disk-error.ts';
import { writeDurably } from './durable-file.ts';
import { type MetricsFile, openMetricsFile } from './metrics-file.ts';
import { acquireRunLock } from './run-lock.ts';

export interface RunStoreOptions {
  /** Made if it is not there. */
  readonly directory: string;
  /** Plain JSON of everything that decides the run: settings, and digests of the model and the data. */
  readonly config: unknown;
  /** False starts a run in a directory that has none; true goes on with the one that is there. */
  readonly resume: boolean;
}

/**
 * A run's directory, held by a lock: `config.json`, `metrics.jsonl` with one line per step and evaluation, and
 * `checkpoints/step-000123/`, the newest two.
 */
export interface RunStore {
  readonly directory: string;
  /** SHA-256 of the configuration's canonical JSON, for `TrainOptions.configDigest`. */
  readonly configDigest: string;
  /** Where to go on; null where no checkpoint was finished yet, and the run begins again at step 0. */
  readonly checkpoint: Checkpoint | null;
  /** Appends steps and evaluations to the metrics; other events pass. */
  recordEvent(event: TrainEvent): Promise<void>;
  /** Durable when it settles. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** Gives the lock back. */
  close(): Promise<void>;
}

const configName = 'config.json';

/** One JSON object per line for each step and evaluation. */
export const metricsName = 'metrics.jsonl';

/** Whether a run was started in a directory, so that it can be resumed. */
export function runExists(directory: string): boolean {
  return existsSync(join(directory, configName));
}

/**
 * Opens a run directory for one process. A run that was killed at any instant opens with its last whole checkpoint and
 * metrics that end where it was taken.
 * @throws BaseError `engine/run-exists`, `engine/run-missing`, `engine/run-locked`, `engine/other-config` naming the
 * fields that differ, `engine/checkpoint-damaged`, `engine/metrics-too-short`, `engine/disk-full`, `engine/not-writable`.
 */
export async function openRunStore(options: RunStoreOptions): Promise<RunStore> {
  const { directory } = options;
  const checkpoints = join(directory, 'checkpoints');
  const configDigest = digestOfJson(options.config);
  assertRunDirectory(options);
  try {
    await mkdir(checkpoints, { recursive: true });
  } catch (error) {
    throw diskError(error, directory);
  }
  const lock = await acquireRunLock(directory);
  try {
    await removeUnfinished(checkpoints);
    const newest = (await listCheckpoints(checkpoints))[0];
    await settleConfig(options, newest !== undefined);
    const stored = newest === undefined ? null : await readCheckpoint(newest);
    const metrics = await openMetricsFile(join(directory, metricsName), stored?.metricsBytes ?? 0);
    return storeOver({ directory, configDigest, checkpoints, stored, metrics, release: () => lock.release() });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface OpenParts {
  readonly directory: string;
  readonly configDigest: string;
  readonly checkpoints: string;
  readonly stored: StoredCheckpoint | null;
  readonly metrics: MetricsFile;
  readonly release: () => Promise<void>;
}

function storeOver(parts: OpenParts): RunStore {
  const { directory, configDigest, checkpoints, stored, metrics, release } = parts;
  return {
    directory,
    configDigest,
    checkpoint: stored?.checkpoint ?? null,
    async recordEvent(event) {
      if (event.type === 'step' || event.type === 'evaluation') await metrics.append(event);
    },
    async saveCheckpoint(checkpoint) {
      // Metrics first: a checkpoint must never count lines that a power cut could still take away.
      await writeCheckpoint(checkpoints, { checkpoint, metricsBytes: await metrics.sync() });
    },
    async close() {
      await metrics.close();
      await release();
    },
  };
}

/**
 * Before anything is made or computed: a mistyped path must not leave a directory behind, nor a long start end here.
 * @throws BaseError `engine/run-missing`, `engine/run-exists`.
 */
export function assertRunDirectory({ directory, resume }: Omit<RunStoreOptions, 'config'>): void {
  const exists = runExists(directory);
  if (exists && !resume) throw alreadyThere(directory);
  if (exists || !resume) return;
  throw new BaseError('engine/run-missing', `There is no run to resume in ${directory}: it has no ${configName}.`, {
    info: { directory },
    hints: ['Check the path, or start the run without resuming.'],
  });
}

function alreadyThere(directory: string): BaseError {
  return new BaseError('engine/run-exists', `${directory} already holds a run.`, {
    info: { directory },
    hints: ['Resume it, or choose another directory.'],
  });
}

/** Writes the configuration of a new run, or compares it with that of the run to resume. */
async function settleConfig({ directory, config, resume }: RunStoreOptions, hasCheckpoints: boolean): Promise<void> {
  const path = join(directory, configName);
  const saved = await readConfig(path);
  if (saved === null && !hasCheckpoints) {
    await writeDurably(path, [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
    return;
  }
  if (!resume) throw alreadyThere(directory);
  const differences = configDifferences(saved?.config, config);
  if (differences.length > 0) {
    throw new BaseError(
      'engine/other-config',
      `The run in ${directory} was started with other settings: ${differences.join(', ')}.`,
      { info: { directory, differences }, hints: ['Resume with the settings in config.json, or start a new run.'] },
    );
  }
}

/** The configuration that a run was started with, or undefined. */
export async function readRunConfig(directory: string): Promise<unknown> {
  return (await readConfig(join(directory, configName)))?.config;
}

async function readConfig(path: string): Promise<{ readonly config: unknown } | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return { config: JSON.parse(text) };
  } catch (cause) {
    throw new BaseError('engine/bad-run-config', `${path} is not JSON.`, {
      info: { path },
      hints: ['Put the file back as the run wrote it, or start a new run in another directory.'],
      cause,
    });
  }
}
