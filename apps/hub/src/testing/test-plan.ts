import {
  candidateSeconds,
  digestOfPlan,
  encodeModelState,
  type Plan,
  parsePlan,
  blobManifestOf,
  blobRoot,
} from '@skein/alliance';
import type { AllianceParams, Chain } from '@skein/chain';
import { digestOfBytes } from '@skein/core';

/** The model before the first round: four parameters. */
export const initialModel = encodeModelState({ parameters: Float32Array.of(1, 2, 3, 4), optimiser: {} });

const HOUR = 3600;

/** A small plan in clear mode, whose phases end early or not at all within a test. */
export function testPlan(changes: Partial<Plan> = {}): Plan {
  return parsePlan({
    version: 'plan/1',
    name: 'three clinics',
    baseModel: digestOfBytes(Uint8Array.of(1)),
    method: { kind: 'ffa-lora', rank: 1, alpha: 1, targets: ['q_proj'], seed: 1 },
    parameters: digestOfBytes(Uint8Array.of(2)),
    parameterCount: 4,
    initialModel: blobRoot(blobManifestOf(initialModel)),
    strategy: { kind: 'fedavg', rate: 1 },
    local: {
      steps: 1,
      batch: 1,
      maxLength: 16,
      learningRate: 0.1,
      schedule: 'constant',
      proximalMu: 0,
      evaluationFraction: 0.1,
    },
    rounds: 2,
    minMembers: 3,
    maxMembers: 5,
    aggregation: { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 2 },
    phases: {
      keys: HOUR,
      shares: HOUR,
      upload: HOUR,
      survivors: HOUR,
      unmask: HOUR,
      sum: HOUR,
      commit: HOUR,
      reveal: HOUR,
    },
    toleranceMicroNats: 0,
    join: 'open',
    pool: '6000',
    stake: '100',
    aggregatorStake: '50',
    evaluatorFeeBps: 1000,
    unrevealedPenaltyBps: 1000,
    retentionSeconds: HOUR,
    ...changes,
  });
}

/** What the contract is given for a plan. */
export function paramsOf(plan: Plan, chain: Chain): AllianceParams {
  const { initialModel: model, rounds, minMembers, maxMembers, phases, join, toleranceMicroNats } = plan;
  return {
    planDigest: digestOfPlan(plan),
    initialModel: model,
    token: chain.book.token,
    pool: BigInt(plan.pool),
    stake: BigInt(plan.stake),
    aggregatorStake: BigInt(plan.aggregatorStake),
    rounds,
    minMembers,
    maxMembers,
    joinMode: join,
    candidateSeconds: candidateSeconds(plan),
    commitSeconds: phases.commit,
    revealSeconds: phases.reveal,
    toleranceMicroNats,
    evaluatorFeeBps: plan.evaluatorFeeBps,
    unrevealedPenaltyBps: plan.unrevealedPenaltyBps,
  };
}
