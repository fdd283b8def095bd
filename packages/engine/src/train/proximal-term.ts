/** mu/2·‖w − centre‖² beside the loss (FedProx, Li et al. 2020, arXiv:1812.06127); mu from 0. */
export interface ProximalTerm {
  readonly mu: number;
  /** The round's global parameters: arrays of their own, in the parameters' order and lengths. */
  readonly center: readonly Float32Array[];
}

/** Adds the term's gradient mu·(w − centre) in place. */
export function addProximalTerm(
  gradients: readonly Float32Array[],
  parameters: readonly Float32Array[],
  { mu, center }: ProximalTerm,
): void {
  for (const [index, gradient] of gradients.entries()) {
    const [values, centers] = [parameters[index]!, center[index]];
    if (centers?.length !== gradient.length) {
      throw new RangeError(`Parameter ${index} has ${gradient.length} elements; its centre must have as many`);
    }
    for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! + mu * (values[i]! - centers[i]!);
  }
}
