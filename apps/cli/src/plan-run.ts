import { countSteps, toMicroBatches } from '@skein/engine';
import type { FineTuneOptions, PreparedFineTune, PreparedRun } from '@skein/engine/node';
import { formatBytes } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';
import { formatFields } from './format-table.ts';

/** What a run will do; plain JSON. */
export interface RunSize {
  readonly trainExamples: number;
  readonly validationExamples: number;
  readonly droppedExamples: number;
  readonly truncatedExamples: number;
  readonly tokensPerEpoch: number;
  readonly trainableElements: number;
  readonly totalSteps: number;
}

/** What it will need besides, in this engine. */
export interface RunPlan extends RunSize {
  /** Weights in their files, mapped into memory. */
  readonly mappedBytes: number;
  readonly anonymousBytes: number;
  /** Measured on one micro-batch, the second, since the first also opens the session. */
  readonly secondsPerMicroBatch: number;
  readonly estimatedSeconds: number;
}

interface PlanHooks {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Says what a run will need, measures the time of a step and says how long it will take. The session that it opens is
 * the one that training uses; nothing of the run changes.
 */
export async function planRun(
  prepared: PreparedFineTune,
  options: FineTuneOptions,
  { say, signal }: PlanHooks,
): Promise<RunPlan> {
  const { memory } = prepared;
  const batchesOfEpoch = batchesOf(prepared, options);
  const known = {
    ...sizeRun(prepared, options),
    mappedBytes: memory.estimate.mappedBytes,
    anonymousBytes: memory.estimate.anonymousBytes,
  };
  say(formatFields(needFields(known)));
  if (known.anonymousBytes > memory.availableBytes) {
    const left = formatBytes(memory.availableBytes);
    say(`warning: only ${left} of memory are left; a smaller --batch or --length needs less.`);
  }
  const [largest] = batchesOfEpoch(0).toSorted((a, b) => b.batch * b.length - a.batch * a.length);
  const secondsPerMicroBatch = largest ? await measure(prepared, largest, signal) : 0;
  const microBatches = known.totalSteps * options.train.accumulationSteps;
  const plan = { ...known, secondsPerMicroBatch, estimatedSeconds: microBatches * secondsPerMicroBatch };
  say(`time, at most about: ${formatDuration(plan.estimatedSeconds)}`);
  return plan;
}

/** Counts what a run will do; computes nothing. */
export function sizeRun(prepared: PreparedRun, options: FineTuneOptions): RunSize {
  const { trainExamples, validationExamples, report } = prepared;
  return {
    trainExamples: trainExamples.length,
    validationExamples: validationExamples.length,
    droppedExamples: report.droppedOverlong + report.droppedUncounted,
    truncatedExamples: report.truncated,
    tokensPerEpoch: trainExamples.reduce((sum, { ids }) => sum + ids.length, 0),
    trainableElements: prepared.trainableElements,
    totalSteps: countSteps(batchesOf(prepared, options), options.train),
  };
}

function batchesOf({ trainExamples }: PreparedRun, { rows, train: { seed } }: FineTuneOptions) {
  const { batch, maxLength: length, packing } = rows;
  return (epoch: number) => toMicroBatches(trainExamples, { batch, length, packing, shuffle: { seed, epoch } });
}

export function describeSize(size: RunSize): string {
  return formatFields(sizeFields(size));
}

export function describePlan(plan: RunPlan): string {
  return formatFields([...needFields(plan), ['time, at most about', formatDuration(plan.estimatedSeconds)]]);
}

function needFields(plan: Omit<RunPlan, 'secondsPerMicroBatch' | 'estimatedSeconds'>): [string, string][] {
  const { anonymousBytes, mappedBytes } = plan;
  const memory = `${formatBytes(anonymousBytes)}, and ${formatBytes(mappedBytes)} mapped from the model's files`;
  return [...sizeFields(plan), ['memory, about', memory]];
}

function sizeFields(size: RunSize): [string, string][] {
  const left = size.droppedExamples + size.truncatedExamples;
  const leftOut: [string, string] = [
    'too long or without answer',
    `${size.droppedExamples} left out, ${size.truncatedExamples} cut`,
  ];
  return [
    ['examples', `${size.trainExamples} to train on, ${size.validationExamples} to measure on`],
    ...(left > 0 ? [leftOut] : []),
    ['tokens an epoch', String(size.tokensPerEpoch)],
    ['trained numbers', String(size.trainableElements)],
    ['steps', String(size.totalSteps)],
  ];
}

async function measure(
  { model }: PreparedFineTune,
  batch: Parameters<PreparedFineTune['model']['accumulateGradients']>[0],
  signal: AbortSignal,
): Promise<number> {
  const gradients = model.parameters.map(({ data }) => new Float32Array(data.length));
  const once = async () => {
    signal.throwIfAborted();
    const startedMs = performance.now();
    await model.accumulateGradients(batch, 1 / Math.max(1, batch.targetCount), gradients, 0);
    return (performance.now() - startedMs) / 1000;
  };
  await once();
  return once();
}
