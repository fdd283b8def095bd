import { createRandom } from '../random.ts';
import { elementCount } from '../tensor.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import type { ModelConfig } from './model-config.ts';
import { weightShapes } from './weight-names.ts';

/** Weights of a new model: norms 1, biases 0, all else normal with the given deviation, as transformers starts them. */
export function initializeWeights(
  config: ModelConfig,
  options: { standardDeviation: number; seed: number },
): Parameter[] {
  return [...weightShapes(config)].map(([name, dims], index) => {
    const data = new Float32Array(elementCount(dims));
    if (name.endsWith('norm.weight')) data.fill(1);
    else if (!name.endsWith('.bias')) {
      const random = createRandom(options.seed, index);
      for (let i = 0; i < data.length; i++) data[i] = options.standardDeviation * random.normal();
    }
    return { name, dims, data };
  });
}
