import { setTimeout as delay } from 'node:timers/promises';
import { BaseError } from '@skein/core';
import { toMicroNats, type Trainer } from '../trainer.ts';
import { createEngineClient } from './engine-client.ts';
import type { EngineInfo, EngineOperations, EngineSubject } from './engine-messages.ts';

/** Looks at a round's folder that another process holds: a step of a large model may take this long in all. */
const LOCK_LOOKS = 300;
const LOCK_PAUSE_MS = 200;

/** The built-in trainer, and what only it can tell. */
export interface EngineTrainer extends Trainer {
  info(): Promise<EngineInfo>;
  /** Where round 0 starts. */
  initial(): Promise<Float32Array>;
  /** Loss, and on how much it was measured. */
  measure(parameters: Float32Array, signal: AbortSignal): Promise<EngineOperations['evaluate']['out']>;
  /** What the data are, once tokenized. */
  preview(): Promise<EngineOperations['preview']['out']>;
  /** The largest memory that the engine's process has had. */
  peakBytes(): Promise<number>;
  /** Writes a PEFT adapter folder, or a model folder in full fine-tuning. */
  write(path: string, parameters: Float32Array): Promise<void>;
}

/**
 * Starts the engine in a process of its own at the first call, and again where it died. A training that was
 * interrupted by a kill goes on from its last checkpoint when it is asked for again.
 */
export function createEngineTrainer(subject: EngineSubject): EngineTrainer {
  const { call, close } = createEngineClient(subject);
  return {
    async describe() {
      const { parameterCount } = await call('describe', {});
      return { name: 'engine', parameterCount };
    },
    info: () => call('describe', {}),
    initial: () => call('initial', {}),
    async train({ parameters, round, seed, directory, signal }) {
      const input = { parameters, round, seed, directory };
      const { trained, examples, lossNatsPerToken } = await whileLocked(() => call('train', input, signal), signal);
      const update = trained.map((value, index) => value - parameters[index]!);
      return { update, examples, lossMicroNats: toMicroNats(lossNatsPerToken) };
    },
    measure: (parameters, signal) => call('evaluate', { parameters }, signal),
    async evaluate(parameters, signal) {
      return toMicroNats((await call('evaluate', { parameters }, signal)).lossNatsPerToken);
    },
    preview: () => call('preview', {}),
    peakBytes: () => call('memory', {}),
    async write(path, parameters) {
      await call('write', { path, parameters });
    },
    close,
  };
}

/** The process of a node that was killed ends a moment after it, and holds the round's folder until then. */
async function whileLocked<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let left = LOCK_LOOKS; ; left--) {
    try {
      return await task();
    } catch (error) {
      if (left === 0 || !(error instanceof BaseError) || error.code !== 'engine/run-locked') throw error;
      await delay(LOCK_PAUSE_MS, undefined, { signal });
    }
  }
}
