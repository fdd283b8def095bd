import { BaseError, type Digest, digestOfJson, digestSchema } from '@skein/core';
import { z } from 'zod';
import { MAX_MEMBERS, MAX_OPAQUE_BYTES, MAX_PHASE_SECONDS, MAX_ROUNDS } from './limits.ts';
import { decimalSchema } from './units.ts';

const count = z.int().positive();
const seconds = z.int().min(1).max(MAX_PHASE_SECONDS);
const seed = z.int().min(0).max(0xffffffff);
const lora = { rank: count, alpha: z.number().positive(), targets: z.array(z.string()).min(1), seed };

/** What is trained. */
const methodSchema = z.discriminatedUnion('kind', [
  /** LoRA with A frozen at its seeded start: exact under summation (arXiv 2403.12313). */
  z.strictObject({ kind: z.literal('ffa-lora'), ...lora }),
  /** Plain FedIT: A and B averaged apart, which is biased. */
  z.strictObject({ kind: z.literal('lora'), ...lora }),
  z.strictObject({ kind: z.literal('full') }),
  /** Anything else: a trainer plug of the node's owner knows what its bytes mean. */
  z.strictObject({ kind: z.literal('custom'), trainer: z.string().min(1).max(200) }),
]);

/** The outer step. Rates multiply the mean of the members' updates. */
const strategySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fedavg'), rate: z.number().positive() }),
  z.strictObject({ kind: z.literal('fedavgm'), rate: z.number().positive(), momentum: z.number().min(0).lt(1) }),
  z.strictObject({
    kind: z.literal('fedadam'),
    rate: z.number().positive(),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    tau: z.number().positive(),
  }),
]);

const localSchema = z.strictObject({
  /** Optimiser steps of one round. */
  steps: count,
  batch: count,
  maxLength: count,
  learningRate: z.number().positive(),
  schedule: z.enum(['constant', 'linear', 'cosine']),
  /** FedProx's μ (arXiv 1812.06127); 0 is none. */
  proximalMu: z.number().min(0),
  /** Share of a member's own data kept aside to vote on candidates. */
  evaluationFraction: z.number().gt(0).lt(1),
});

const clearRuleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('mean') }),
  z.strictObject({ kind: z.literal('median') }),
  /** Cuts this share at both ends of every coordinate. */
  z.strictObject({ kind: z.literal('trimmed-mean'), trim: z.number().min(0).lt(0.5) }),
  /** The custom trainer's own `aggregate`: parameters are bytes that only trainers can read. */
  z.strictObject({
    kind: z.literal('trainer'),
    /** Whether equal inputs give equal bytes, so that members can replay; otherwise only their votes decide. */
    replay: z.enum(['bytes', 'evaluation-only']),
    /** Largest parameters. */
    maxBytes: count.max(MAX_OPAQUE_BYTES),
  }),
]);

/** A rule of clear mode. */
export type ClearRule = z.infer<typeof clearRuleSchema>;
/** The rule of plans whose parameters are opaque. */
export type TrainerRule = Extract<ClearRule, { kind: 'trainer' }>;

const aggregationSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('secure'),
    /** L2 norm that a member scales its update down to. */
    clipNorm: z.number().positive(),
    /** Each coordinate is cut to ±this and quantised to 16 bits. */
    clipValue: z.number().positive(),
    minSurvivors: z.int().min(2).max(MAX_MEMBERS),
    weights: z.enum(['equal', 'by-examples']),
    /** For weights by examples: the number that counts most; a member with more counts as this. */
    maxExamples: z.int().min(1).max(65_535).optional(),
  }),
  z.strictObject({
    kind: z.literal('clear'),
    rule: clearRuleSchema,
    minSurvivors: z.int().min(1).max(MAX_MEMBERS),
  }),
]);

/**
 * Faulty members that a rule of clear mode bears among `members`: a median fewer than half, a trimmed mean as many as it
 * cuts at each end. Null for the mean and the trainer's own way, which promise nothing.
 * @see Yin et al. 2018, arXiv 1803.01498
 */
export function robustAgainst(rule: ClearRule, members: number): number | null {
  if (rule.kind === 'mean' || rule.kind === 'trainer') return null;
  return rule.kind === 'median' ? Math.ceil(members / 2) - 1 : Math.floor(rule.trim * members);
}

/** How long each phase may take, in seconds of the chain's clock; a phase ends early when all have answered. */
const phasesSchema = z.strictObject({
  keys: seconds,
  shares: seconds,
  upload: seconds,
  survivors: seconds,
  unmask: seconds,
  sum: seconds,
  /** Check of the sum, replay, evaluation and the vote's commitment. */
  commit: seconds,
  reveal: seconds,
});

/** Everything that the members of an alliance agree on. Its digest stands on the chain. */
export const planSchema = z
  .strictObject({
    version: z.literal('plan/1'),
    name: z.string().min(1).max(80),
    /** Digest of the base model folder's manifest. */
    baseModel: digestSchema,
    method: methodSchema,
    /** Digest of the manifest of the trained tensors. */
    parameters: digestSchema,
    /** Numbers that are trained; 0 where parameters are opaque. */
    parameterCount: z.int().min(0),
    /** Digest of the global model before the first round. */
    initialModel: digestSchema,
    strategy: strategySchema,
    local: localSchema,
    rounds: count.max(MAX_ROUNDS),
    minMembers: count.max(MAX_MEMBERS),
    maxMembers: count.max(MAX_MEMBERS),
    aggregation: aggregationSchema,
    phases: phasesSchema,
    /** A candidate is accepted where the weighted median of the change of loss is at most this. */
    toleranceMicroNats: z.int(),
    join: z.enum(['open', 'allow-list', 'invitation']),
    /** Base units of the token. */
    pool: decimalSchema,
    stake: decimalSchema,
    aggregatorStake: decimalSchema,
    evaluatorFeeBps: z.int().min(0).max(10_000),
    unrevealedPenaltyBps: z.int().min(0).max(10_000),
    /** For how long the hub keeps what a replay needs. */
    retentionSeconds: z.int().positive(),
  })
  .refine((plan) => plan.minMembers <= plan.maxMembers, { error: 'minMembers above maxMembers', path: ['minMembers'] })
  .refine((plan) => plan.aggregation.minSurvivors <= plan.minMembers, {
    error: 'more survivors needed than members',
    path: ['aggregation', 'minSurvivors'],
  })
  .refine(
    ({ aggregation }) => aggregation.kind === 'clear' || aggregation.weights === 'equal' || aggregation.maxExamples,
    { error: 'weights by examples need maxExamples', path: ['aggregation', 'maxExamples'] },
  )
  .refine(
    ({ aggregation: a, minMembers }) =>
      a.kind === 'secure' || robustAgainst(a.rule, Math.max(a.minSurvivors, minMembers)) !== 0,
    {
      error: 'with so few members the rule cuts off nobody: a median needs 3, a trimmed mean 1/trim',
      path: ['aggregation', 'rule'],
    },
  )
  .refine((plan) => plan.aggregation.kind === 'clear' || plan.minMembers >= 2, {
    error: 'nobody can hide alone: secure aggregation needs at least two members',
    path: ['minMembers'],
  })
  .refine((plan) => plan.method.kind !== 'custom' || plan.aggregation.kind === 'clear', {
    error: 'custom trainers have opaque parameters and can only run in clear mode',
    path: ['aggregation', 'kind'],
  })
  .refine((plan) => plan.method.kind === 'custom' || opaqueRule(plan) === null, {
    error: 'only custom trainers have an aggregate of their own',
    path: ['aggregation', 'rule'],
  })
  .refine((plan) => (plan.parameterCount === 0) === (opaqueRule(plan) !== null), {
    error: 'opaque parameters count 0 numbers, all others at least one',
    path: ['parameterCount'],
  })
  .refine((plan) => plan.maxMembers * (opaqueRule(plan)?.maxBytes ?? 0) <= MAX_OPAQUE_BYTES, {
    error: `maxMembers times maxBytes is above ${MAX_OPAQUE_BYTES}: a trainer gets all parameters in one request`,
    path: ['aggregation', 'rule', 'maxBytes'],
  });

export type Plan = z.infer<typeof planSchema>;

/** The rule of a plan whose parameters are opaque bytes; null where they are numbers. */
export function opaqueRule({ aggregation }: { aggregation: z.infer<typeof aggregationSchema> }): TrainerRule | null {
  return aggregation.kind === 'clear' && aggregation.rule.kind === 'trainer' ? aggregation.rule : null;
}

/**
 * Reads a plan that came from outside.
 * @throws BaseError `alliance/bad-plan` with the first fault.
 */
export function parsePlan(value: unknown): Plan {
  const result = planSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') || 'its root';
  throw new BaseError('alliance/bad-plan', `The plan is wrong at ${path}: ${issue?.message}.`, {
    info: { path },
    hints: ['Make plans with "skein alliance create"; don’t edit them by hand after they are signed.'],
  });
}

/** Names a plan; stands on the chain as the alliance's `planDigest`. */
export function digestOfPlan(plan: Plan): Digest {
  return digestOfJson(plan);
}

/** Seconds from the opening of a round to the last moment at which a candidate may be posted on the chain. */
export function candidateSeconds({ phases, aggregation }: Plan): number {
  const { keys, shares, upload, survivors, unmask, sum } = phases;
  return upload + survivors + sum + (aggregation.kind === 'secure' ? keys + shares + unmask : 0);
}
