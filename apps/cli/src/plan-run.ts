import { countSteps, toMicroBatches } from '@skein/engine';
import type { FineTuneOptions, PreparedFineTune } from '@skein/engine/node';
import { formatBytes } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';
import { formatFields } from './format-table.ts';

/** What a run will do and need; plain JSON. */
export interface RunPlan {
  readonly trainExamples: number;
  readonly validationExamples: number;
  readonly droppedExamples: number;
  readonly truncatedExamples: number;
  readonly tokensPerEpoch: number;
  readonly trainableElements: number;
  /** Weights in their files, mapped into memory. */
  readonly mappedBytes: number;
  readonly anonymousBytes: number;
  readonly totalSteps: number;
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
  const { trainExamples, report, memory } = prepared;
  const { batch, maxLength: length, packing } = options.rows;
  const { seed } = options.train;
  const batchesOfEpoch = (epoch: number) =>
    toMicroBatches(trainExamples, { batch, length, packing, shuffle: { seed, epoch } });
  const totalSteps = countSteps(batchesOfEpoch, options.train);
  const known = {
    trainExamples: trainExamples.length,
    validationExamples: prepared.validationExamples.length,
    droppedExamples: report.droppedOverlong + report.droppedUncounted,
    truncatedExamples: report.truncated,
    tokensPerEpoch: trainExamples.reduce((sum, { ids }) => sum + ids.length, 0),
    trainableElements: prepared.trainableElements,
    mappedBytes: memory.estimate.mappedBytes,
    anonymousBytes: memory.estimate.anonymousBytes,
    totalSteps,
  };
  say(formatFields(needFields(known)));
  if (known.anonymousBytes > memory.availableBytes) {
    const left = formatBytes(memory.availableBytes);
    say(`warning: only ${left} of memory are left; a smaller --batch or --length needs less.`);
  }
  const [largest] = batchesOfEpoch(0).toSorted((a, b) => b.batch * b.length - a.batch * a.length);
  const secondsPerMicroBatch = largest ? await measure(prepared, largest, signal) : 0;
  const microBatches = totalSteps * options.train.accumulationSteps;
  const plan = { ...known, secondsPerMicroBatch, estimatedSeconds: microBatches * secondsPerMicroBatch };
  say(`time, at most about: ${formatDuration(plan.estimatedSeconds)}`);
  return plan;
}

export function describePlan(plan: RunPlan): string {
  return formatFields([...needFields(plan), ['time, at most about', formatDuration(plan.estimatedSeconds)]]);
}

function needFields(plan: Omit<RunPlan, 'secondsPerMicroBatch' | 'estimatedSeconds'>): [string, string][] {
  const left = plan.droppedExamples + plan.truncatedExamples;
  return [
    ['examples', `${plan.trainExamples} to train on, ${plan.validationExamples} to measure on`],
    ...(left > 0
      ? [
          ['too long or without answer', `${plan.droppedExamples} left out, ${plan.truncatedExamples} cut`] as [
            string,
            string,
          ],
        ]
      : []),
    ['tokens an epoch', String(plan.tokensPerEpoch)],
    ['trained numbers', String(plan.trainableElements)],
    ['steps', String(plan.totalSteps)],
    [
      'memory, about',
      `${formatBytes(plan.anonymousBytes)}, and ${formatBytes(plan.mappedBytes)} mapped from the model's files`,
    ],
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
