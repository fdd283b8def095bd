import type { Plan } from '@skein/alliance';
import { LINEARS } from '@skein/engine';

/** What a plan says beyond the model: found by trying on the shipped model and its sample data (bench/federated.ts). */
export type PlanSettings = Omit<
  Plan,
  'version' | 'name' | 'baseModel' | 'parameters' | 'parameterCount' | 'initialModel'
>;

/** Base units of the development token, which has 18 decimals. */
const TOKEN = 10n ** 18n;

/** A plan for three members on one machine or nearby, where a phase that takes minutes means that somebody is gone. */
export const PLAN_SETTINGS: PlanSettings = {
  method: { kind: 'ffa-lora', rank: 16, alpha: 32, targets: Object.keys(LINEARS), seed: 1 },
  // The members' changes hardly overlap, so that their mean is too short a step.
  strategy: { kind: 'fedavg', rate: 1.5 },
  local: {
    steps: 20,
    batch: 8,
    maxLength: 128,
    // High beside the usual 2e-4: the model is small, and so is what it has to learn.
    learningRate: 8e-3,
    schedule: 'cosine',
    proximalMu: 0,
    evaluationFraction: 0.1,
  },
  rounds: 8,
  minMembers: 3,
  maxMembers: 3,
  // A round changes no coordinate by more than 0.15 and all together by 20 in L2, so that neither clip cuts anything.
  aggregation: { kind: 'secure', clipNorm: 40, clipValue: 0.25, minSurvivors: 3, weights: 'equal' },
  phases: { keys: 120, shares: 120, upload: 600, survivors: 120, unmask: 120, sum: 180, commit: 300, reveal: 120 },
  // A vote is on some twenty examples of each member; noise of that size is no reason to keep the old model.
  toleranceMicroNats: 10_000,
  join: 'allow-list',
  pool: (900n * TOKEN).toString(),
  stake: (100n * TOKEN).toString(),
  aggregatorStake: (100n * TOKEN).toString(),
  evaluatorFeeBps: 2000,
  unrevealedPenaltyBps: 1000,
  retentionSeconds: 30 * 24 * 3600,
};
