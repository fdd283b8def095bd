import { digestOfBytes } from '@skein/core';
import { type Plan, parsePlan } from '../plan.ts';

const digest = digestOfBytes(new Uint8Array());

/** A plan of three members, with any part replaced. */
export function samplePlan(changes: Partial<Plan> = {}): Plan {
  return parsePlan({
    version: 'plan/1',
    name: 'Clinics of the north',
    baseModel: digest,
    method: { kind: 'ffa-lora', rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'], seed: 1 },
    parameters: digest,
    parameterCount: 1000,
    initialModel: digest,
    strategy: { kind: 'fedavg', rate: 1 },
    local: {
      steps: 20,
      batch: 8,
      maxLength: 256,
      learningRate: 0.001,
      schedule: 'constant',
      proximalMu: 0,
      evaluationFraction: 0.2,
    },
    rounds: 4,
    minMembers: 3,
    maxMembers: 8,
    aggregation: { kind: 'secure', clipNorm: 1, clipValue: 0.1, minSurvivors: 3, weights: 'equal' },
    phases: { keys: 30, shares: 30, upload: 600, survivors: 30, unmask: 30, sum: 120, commit: 300, reveal: 60 },
    toleranceMicroNats: 0,
    join: 'invitation',
    pool: '1000000',
    stake: '1000',
    aggregatorStake: '5000',
    evaluatorFeeBps: 1000,
    unrevealedPenaltyBps: 1000,
    retentionSeconds: 604_800,
    ...changes,
  });
}
