import type { ModelState } from '../model/model-state.ts';

/** η and β of `fedAvgM`. */
export interface FedAvgMRates {
  readonly rate: number;
  readonly momentum: number;
}

/**
 * v ← β·v + Δ, w ← w + η·v: momentum over rounds, which evens out members that pull in different directions.
 * @see Hsu et al. 2019, arXiv 1909.06335
 */
export function fedAvgM(state: ModelState, delta: ArrayLike<number>, { rate, momentum }: FedAvgMRates): ModelState {
  const count = state.parameters.length;
  const earlier = state.optimiser.velocity;
  const velocity = new Float64Array(count);
  const parameters = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    velocity[i] = momentum * (earlier?.[i] ?? 0) + delta[i]!;
    parameters[i] = state.parameters[i]! + rate * velocity[i]!;
  }
  return { parameters, optimiser: { velocity } };
}
