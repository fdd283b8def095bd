import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOfPlan, type Plan, uploadSizeBytes } from '@skein/alliance';
import { BaseError, type Digest } from '@skein/core';
import { checkPolicy, type Policy, type Verdict } from '../config/policy.ts';
import { trainingSeed } from '../daemon/training-seed.ts';
import { findDataFiles } from '../trainers/data-files.ts';
import { createEngineTrainer, type EngineTrainer } from '../trainers/engine/engine-trainer.ts';
import { ENGINE } from '../trainers/create-trainer.ts';

export interface DryRunOptions {
  readonly plan: Plan;
  /** Folder of the base model, and of the data (or one file). */
  readonly model: string;
  readonly data: string;
  readonly threads?: number | undefined;
  /** Whether the policy would let it: the data folder's name in it, and who made which alliance. */
  readonly policy?: {
    readonly policy: Policy;
    readonly folder: string;
    readonly alliance: string;
    readonly creator: string;
  };
  readonly signal?: AbortSignal | undefined;
}

export interface DryRunReport {
  readonly baseModel: { readonly expected: Digest; readonly found: Digest; readonly matches: boolean };
  /** Whether method and model give the tensors that the plan names. */
  readonly parametersMatch: boolean;
  readonly files: readonly string[];
  readonly examples: {
    readonly training: number;
    readonly evaluation: number;
    /** Left out: longer than the plan's limit, or without a token that counts. */
    readonly tooLong: number;
    readonly uncounted: number;
  };
  readonly tokens: number;
  /** Loss of the base model on the evaluation part, nats a token. */
  readonly firstLossNats: number;
  /** Of one round's local training and of measuring one model, from a few real steps. */
  readonly trainingSecondsPerRound: number;
  readonly evaluationSeconds: number;
  /** The most memory that the engine's process took. */
  readonly peakBytes: number;
  /** Of one upload, where as many join as may. */
  readonly uploadBytes: number;
  readonly verdict: Verdict | null;
}

/** Steps that are really taken, to time them. */
const TIMED_STEPS = 3;

/**
 * What a plan would do with this node's model, data and policy, without touching the network.
 * @throws BaseError `node/custom-plan`, `node/no-data`, and those of a model folder or data that can't be read
 */
export async function dryRun(options: DryRunOptions): Promise<DryRunReport> {
  const { plan, model, policy, threads = availableParallelism() } = options;
  if (plan.method.kind === 'custom') {
    throw new BaseError('node/custom-plan', 'A dry run measures the built-in trainer; this plan has one of its own.', {
      hints: ['Call the trainer with one request: see docs/custom-trainers.md.'],
    });
  }
  const files = await findDataFiles(options.data);
  const timed = { ...plan, local: { ...plan.local, steps: Math.min(TIMED_STEPS, plan.local.steps) } };
  const trainer = createEngineTrainer({ plan: timed, model, data: files, threads });
  try {
    const verdict = policy === undefined ? null : checkPolicy(policy.policy, { ...policy, plan, trainer: ENGINE });
    return { files, verdict, ...(await measure(trainer, plan, options.signal ?? new AbortController().signal)) };
  } finally {
    await trainer.close();
  }
}

async function measure(
  trainer: EngineTrainer,
  plan: Plan,
  signal: AbortSignal,
): Promise<Omit<DryRunReport, 'files' | 'verdict'>> {
  const info = await trainer.info();
  const { tooLong, uncounted, tokens } = await trainer.preview();
  const parameters = await trainer.initial();
  const evaluated = await time(() => trainer.measure(parameters, signal));
  const directory = await mkdtemp(join(tmpdir(), 'skein-dry-run-'));
  try {
    const seed = trainingSeed(digestOfPlan(plan));
    const task = (name: string) => ({ parameters, round: 0, seed, directory: join(directory, name), signal });
    // The first run also opens the session.
    await trainer.train(task('warm-up'));
    const trained = await time(() => trainer.train(task('timed')));
    const steps = Math.min(TIMED_STEPS, plan.local.steps);
    return {
      baseModel: { expected: plan.baseModel, found: info.modelDigest, matches: info.modelDigest === plan.baseModel },
      parametersMatch: info.parameters === plan.parameters && info.parameterCount === plan.parameterCount,
      examples: { training: trained.result.examples, evaluation: evaluated.result.examples, tooLong, uncounted },
      tokens,
      firstLossNats: evaluated.result.lossNatsPerToken,
      trainingSecondsPerRound: (trained.seconds / steps) * plan.local.steps,
      evaluationSeconds: evaluated.seconds,
      peakBytes: await trainer.peakBytes(),
      uploadBytes: uploadSizeBytes(plan, plan.maxMembers) ?? 4 * plan.parameterCount,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function time<Result>(
  task: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly seconds: number }> {
  const startedMs = performance.now();
  const result = await task();
  return { result, seconds: (performance.now() - startedMs) / 1000 };
}
