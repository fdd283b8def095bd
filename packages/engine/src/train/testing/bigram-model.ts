import type { DifferentiableModel, MicroBatch, Parameter } from '../differentiable-model.ts';
import { dropoutSeed } from '../dropout-seed.ts';

export interface BigramModelOptions {
  readonly vocabulary: number;
  /** Probability that a token's row of weights is left out for one prediction; the others are scaled up. */
  readonly dropout: number;
}

/**
 * Multinomial logistic regression of the next token on the current one: logits = W[token] + b. It is the smallest
 * model that has every trait the trainer relies on: several parameters, exact gradients, seeded dropout. Weights start
 * at zero, so two instances are equal. For tests.
 */
export function createBigramModel({ vocabulary, dropout }: BigramModelOptions): DifferentiableModel {
  const weight = new Float32Array(vocabulary * vocabulary);
  const bias = new Float32Array(vocabulary);
  const parameters: readonly Parameter[] = [
    { name: 'weight', dims: [vocabulary, vocabulary], data: weight },
    { name: 'bias', dims: [vocabulary], data: bias },
  ];

  /** Softmax of the row's logits, and the scale of the row (0 where it is dropped). */
  const probabilities = (token: number, scale: number): Float64Array => {
    const row = weight.subarray(token * vocabulary, (token + 1) * vocabulary);
    const logits = Float64Array.from(bias, (value, index) => value + scale * row[index]!);
    const largest = logits.reduce((a, b) => Math.max(a, b));
    const exponentials = logits.map((logit) => Math.exp(logit - largest));
    const sum = exponentials.reduce((a, b) => a + b, 0);
    return exponentials.map((value) => value / sum);
  };

  const eachTarget = (batch: MicroBatch, visit: (token: number, target: number, position: number) => void) => {
    for (const [position, target] of batch.targets.entries()) {
      if (target >= 0) visit(batch.inputIds[position]!, target, position);
    }
  };

  return {
    parameters,
    async accumulateGradients(batch, lossWeight, gradients, randomSeed) {
      const [weightGradient, biasGradient] = [gradients[0]!, gradients[1]!];
      let lossSum = 0;
      eachTarget(batch, (token, target, position) => {
        const dropped = dropoutSeed(randomSeed, position, 0) / 2 ** 32 < dropout;
        const scale = dropped ? 0 : 1 / (1 - dropout);
        const p = probabilities(token, scale);
        lossSum -= Math.log(p[target]!);
        for (let k = 0; k < vocabulary; k++) {
          const slope = lossWeight * (p[k]! - (k === target ? 1 : 0));
          weightGradient[token * vocabulary + k]! += scale * slope;
          biasGradient[k]! += slope;
        }
      });
      return { lossSum };
    },
    async loss(batch) {
      let lossSum = 0;
      eachTarget(batch, (token, target) => {
        lossSum -= Math.log(probabilities(token, 1)[target]!);
      });
      return { lossSum };
    },
    async parametersChanged() {},
  };
}
