import { adapterInputNames, type AdapterModule } from '../models/causal-lm.ts';
import type { ModelConfig } from '../models/model-config.ts';
import { moduleDims } from '../models/weight-names.ts';
import { createRandom } from '../random.ts';
import { elementCount } from '../tensor.ts';
import type { Parameter } from '../train/differentiable-model.ts';

/** What PEFT puts before a module's path in adapter_model.safetensors. */
export const PEFT_PREFIX = 'base_model.model.';

/** Names and shapes of an adapter's arrays, in the order of the model; names are those of the graph's inputs. */
export function adapterShapes(modules: readonly AdapterModule[], model: ModelConfig): Map<string, [number, number]> {
  const shapes = new Map<string, [number, number]>();
  for (const { path, rank } of modules) {
    const [out, into] = moduleDims(model, path);
    const names = adapterInputNames(path);
    shapes.set(names.a, [rank, into]);
    shapes.set(names.b, [out, rank]);
  }
  return shapes;
}

/** A new adapter as PEFT starts it: A uniform in ±1/√in (Kaiming with a = √5), B zero, so that it changes nothing yet. */
export function createAdapterParameters(
  modules: readonly AdapterModule[],
  model: ModelConfig,
  seed: number,
): Parameter[] {
  const random = createRandom(seed);
  return [...adapterShapes(modules, model)].map(([name, dims]) => {
    const data = new Float32Array(elementCount(dims));
    if (name.endsWith('lora_A.weight')) {
      const bound = 1 / Math.sqrt(dims[1]);
      for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * bound;
    }
    return { name, dims, data };
  });
}
