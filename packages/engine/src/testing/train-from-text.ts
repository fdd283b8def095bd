import tokenizerJson from '../../../../test/vectors/tokenizer/tokenizer.json' with { type: 'json' };
import {
  adapterModules,
  adamWDefaults,
  createAdapterParameters,
  createChatTemplate,
  createLanguageModel,
  createTokenizer,
  generate,
  initializeWeights,
  parseAdapterConfig,
  parseExamples,
  parseModelConfig,
  prepareExamples,
  type Runtime,
  toMicroBatches,
  train,
} from '../index.ts';
import { frozenWeights, tinyConfigJson } from '../models/testing/tiny-model.ts';

/** From the text of a data file to trained parameters and a generated token, with nothing of Node. */
export async function trainFromText(runtime: Runtime): Promise<{ losses: number[]; tokens: number }> {
  const tokenizer = createTokenizer(tokenizerJson, { eos_token: '<|im_end|>' });
  const source = '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}';
  const template = createChatTemplate(source, { specialTokens: tokenizer.specialTokens });
  const csv = 'instruction,output\n"Who, then?",Ada\nWhere?,Here\n';
  const rows = parseExamples([csv], { file: 'memory.csv', encoding: 'csv' });
  const { examples } = await prepareExamples(rows, { tokenizer, template, maxLength: 64, overlong: 'error' });

  const config = parseModelConfig(tinyConfigJson('qwen3', { vocab_size: tokenizer.vocabSize }), 'memory');
  const adapter = parseAdapterConfig(
    { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj', 'up_proj'] },
    'memory',
  );
  const modules = adapterModules(adapter, config);
  const weights = frozenWeights(initializeWeights(config, { standardDeviation: 0.3, seed: 1 }));
  const model = createLanguageModel(runtime, {
    spec: { config, weights, trainable: new Map(), adapter: modules },
    parameters: createAdapterParameters(modules, config, 1),
  });
  const losses: number[] = [];
  await train({
    model,
    config: {
      seed: 1,
      accumulationSteps: 1,
      learningRate: 0.1,
      schedule: 'constant',
      warmup: { steps: 0 },
      maxSteps: 3,
      epochs: 3,
      maxGradientNorm: 1,
      adamW: adamWDefaults,
      evaluateEvery: null,
      earlyStop: null,
    },
    configDigest: 'memory',
    batchesOfEpoch: () => toMicroBatches(examples, { batch: 2, length: 64, packing: 'none', shuffle: null }),
    checkpointEvery: null,
    saveCheckpoint: async () => undefined,
    onEvent: (event) => void (event.type === 'step' && losses.push(event.loss)),
    now: () => performance.now(),
    yieldControl: async () => undefined,
  });
  const [tokens = []] = await generate(model, [[1, 2, 3]], { maxNewTokens: 1, stopIds: new Set() });
  return { losses, tokens: tokens.length };
}
