import {
  adapterModules,
  createAdapterParameters,
  createLanguageModel,
  createRandom,
  initializeWeights,
  LINEARS,
  type MicroBatch,
  parseAdapterConfig,
  parseModelConfig,
  type Runtime,
} from '../index.ts';
import { frozenWeights, tinyConfigJson } from '../models/testing/tiny-model.ts';

const LENGTH = 128;
const SHAPE = { vocab_size: 2048, hidden_size: 256, intermediate_size: 768, num_hidden_layers: 4, head_dim: 64 };

/** Seconds of forward, loss and gradients of LoRA (r = 8) on 1×128 tokens of a model of 4 layers, in float32. */
export async function timeSteps(runtime: Runtime, count: number): Promise<{ loss: number; stepSeconds: number[] }> {
  const config = parseModelConfig(tinyConfigJson('qwen3', SHAPE), 'memory');
  const targets = Object.keys(LINEARS);
  const adapter = parseAdapterConfig({ peft_type: 'LORA', r: 8, lora_alpha: 16, target_modules: targets }, 'memory');
  const modules = adapterModules(adapter, config);
  const weights = frozenWeights(initializeWeights(config, { standardDeviation: 0.02, seed: 1 }));
  const parameters = createAdapterParameters(modules, config, 1);
  const spec = { config, weights, trainable: new Map(), adapter: modules };
  const model = createLanguageModel(runtime, { spec, parameters, threads: 2 });
  const gradients = parameters.map(({ data }) => new Float32Array(data.length));
  const random = createRandom(1);
  const inputIds = Int32Array.from({ length: LENGTH }, () => random.below(config.vocabularySize));
  const batch: MicroBatch = {
    batch: 1,
    length: LENGTH,
    inputIds,
    positions: Int32Array.from(inputIds.keys()),
    segments: new Int32Array(LENGTH).fill(1),
    targets: inputIds.map((_, i) => inputIds[i + 1] ?? -1),
    targetCount: LENGTH - 1,
  };
  const stepSeconds: number[] = [];
  let loss = 0;
  for (let step = 0; step <= count; step++) {
    const start = performance.now();
    const { lossSum } = await model.accumulateGradients(batch, 1 / batch.targetCount, gradients, 0);
    loss = lossSum / batch.targetCount;
    if (step > 0) stepSeconds.push((performance.now() - start) / 1000);
  }
  await model.release();
  return { loss, stepSeconds };
}
