import type { QuantiserPlan } from '@skein/privacy';
import type { Plan } from './plan.ts';

/** How updates become whole numbers under a plan with secure aggregation. */
export function quantiserOf(aggregation: Extract<Plan['aggregation'], { kind: 'secure' }>): QuantiserPlan {
  const { clipNorm, clipValue: range, weights, maxExamples } = aggregation;
  return { clipNorm, range, weights, ...(maxExamples === undefined ? {} : { maxExamples }) };
}
