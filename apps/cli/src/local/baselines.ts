import { join } from 'node:path';
import { applyOuterStep, digestOfPlan, type ModelState, type Plan } from '@skein/alliance';
import { createLocalTrainer, createWorkerRuntime, type LocalTrainer } from '@skein/engine/node';
import { localMethod, localSettings, SPLIT_SEED, trainingSeed } from '@skein/node';

export interface TrainAlikeOptions {
  readonly data: readonly string[];
  /** For checkpoints; the caller removes it. */
  readonly directory: string;
  readonly onRound?: (round: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains as the alliance does, but with one member: the plan's rounds of local steps, each followed by its outer step.
 * So "alone" and "pooled" have the method, the steps and the tuning of "federated", and differ in the data only.
 * @returns the trained parameters
 */
export async function trainAlike(
  trainer: LocalTrainer,
  plan: Plan,
  { data, directory, onRound, signal }: TrainAlikeOptions,
): Promise<Float32Array> {
  const { manifest, initial } = trainer;
  const seed = trainingSeed(digestOfPlan(plan));
  const split = { fraction: plan.local.evaluationFraction, seed: SPLIT_SEED };
  let state: ModelState = { parameters: initial.values, optimiser: {} };
  for (let round = 1; round <= plan.rounds; round++) {
    const { parameters } = await trainer.trainRound({
      ...localSettings(plan, round - 1, seed),
      directory: join(directory, `round-${round}`),
      data,
      split,
      parameters: { manifest, values: state.parameters },
      ...(signal && { signal }),
    });
    const { values } = parameters;
    const start = state.parameters;
    state = applyOuterStep(
      plan.strategy,
      state,
      values.map((value, i) => value - start[i]!),
    );
    onRound?.(round);
  }
  return state.parameters;
}

/** Runs jobs on as many open models as there are threads, one thread each. */
export async function withTrainers<T>(
  model: string,
  plan: Plan,
  jobs: readonly ((trainer: LocalTrainer) => Promise<T>)[],
  threads: number,
): Promise<T[]> {
  const method = localMethod(plan);
  if (method === null) throw new TypeError('A custom method has no built-in trainer to compare with');
  const results: T[] = [];
  const queue = [...jobs.entries()];
  const work = async () => {
    const runtime = createWorkerRuntime('cpu');
    try {
      const trainer = await createLocalTrainer(runtime, { model, method, threads: 1 });
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        results[next[0]] = await next[1](trainer);
      await trainer.close();
    } finally {
      await runtime.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work));
  return results;
}
