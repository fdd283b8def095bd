import { type Plan, parsePlan } from '@skein/alliance';
import { digestOfBytes } from '@skein/core';

/** A plan that is well-formed; tests change what they are about. */
export function samplePlan(changes: Partial<Plan> = {}): Plan {
  const digest = digestOfBytes(new Uint8Array(1));
  const seconds = 60;
  return parsePlan({
    version: 'plan/1',
    name: 'sample',
    baseModel: digest,
    method: { kind: 'ffa-lora', rank: 4, alpha: 8, targets: ['q_proj'], seed: 1 },
    parameters: digest,
    parameterCount: 10,
    initialModel: digest,
    strategy: { kind: 'fedavg', rate: 1 },
    local: {
      steps: 2,
      batch: 2,
      maxLength: 64,
      learningRate: 0.01,
      schedule: 'constant',
      proximalMu: 0,
      evaluationFraction: 0.2,
    },
    rounds: 2,
    minMembers: 3,
    maxMembers: 8,
    aggregation: { kind: 'secure', clipNorm: 1, clipValue: 0.1, minSurvivors: 3, weights: 'equal' },
    phases: {
      keys: seconds,
      shares: seconds,
      upload: seconds,
      survivors: seconds,
      unmask: seconds,
      sum: seconds,
      commit: seconds,
      reveal: seconds,
    },
    toleranceMicroNats: 0,
    join: 'open',
    pool: '0',
    stake: '0',
    aggregatorStake: '0',
    evaluatorFeeBps: 0,
    unrevealedPenaltyBps: 0,
    retentionSeconds: 3600,
    ...changes,
  });
}
