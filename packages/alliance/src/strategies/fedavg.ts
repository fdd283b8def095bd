import type { ModelState } from '../model/model-state.ts';

/**
 * w ← w + η·Δ, Δ the mean update. With η = 1 the mean of the members' models.
 * @see McMahan et al. 2017, arXiv 1602.05629
 */
export function fedAvg(state: ModelState, delta: ArrayLike<number>, { rate }: { readonly rate: number }): ModelState {
  const parameters = new Float32Array(state.parameters.length);
  for (let i = 0; i < parameters.length; i++) parameters[i] = state.parameters[i]! + rate * delta[i]!;
  return { parameters, optimiser: {} };
}
