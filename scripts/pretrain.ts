import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BaseError } from '@skein/core';
import {
  createLanguageModel,
  type DataExample,
  createChatTemplate,
  createTokenizer,
  initializeWeights,
  parseModelConfig,
  prepareExamples,
  toMicroBatches,
  train,
  type TrainConfig,
  type TrainEvent,
} from '@skein/engine';
import { createWorkerRuntime, openRunStore, writeModelFolder, yieldToEventLoop } from '@skein/engine/node';
import { corpus } from './sample-world/corpus.ts';

/**
 * Pre-trains the shipped small model from nothing on text that the project generates:
 * `node scripts/pretrain.ts --out models/skein-small`. About 40 minutes on two cores; `--resume` goes on after a kill.
 */
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'models/skein-small' },
    run: { type: 'string', default: 'runs/pretrain' },
    tokens: { type: 'string', default: '12000000' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '0.003' },
    resume: { type: 'boolean', default: false },
  },
});

/** Shape of the model; see docs/decisions for why it is this small. */
const SHAPE = {
  architectures: ['Qwen3ForCausalLM'],
  attention_bias: false,
  attention_dropout: 0,
  dtype: 'bfloat16',
  head_dim: 32,
  hidden_act: 'silu',
  hidden_size: 128,
  initializer_range: 0.02,
  intermediate_size: 384,
  max_position_embeddings: 1024,
  model_type: 'qwen3',
  num_attention_heads: 4,
  num_hidden_layers: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_parameters: { rope_theta: 10_000, rope_type: 'default' },
  tie_word_embeddings: true,
  use_cache: true,
};

const ROW = 256;
const ROWS = 16;

const trainConfig: TrainConfig = {
  seed: Number(values.seed),
  accumulationSteps: 1,
  learningRate: Number(values.rate),
  schedule: 'cosine',
  warmup: { ratio: 0.02 },
  maxSteps: null,
  epochs: 1,
  maxGradientNorm: 1,
  adamW: { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.05 },
  evaluateEvery: null,
  earlyStop: null,
};

const read = async (name: string) => readFile(join(values.out, name), 'utf8');
const tokenizer = createTokenizer(
  JSON.parse(await read('tokenizer.json')),
  JSON.parse(await read('tokenizer_config.json')),
);
const template = createChatTemplate(await read('chat_template.jinja'), tokenizer);
const endOfTurn = tokenizer.eosTokenIds[0];
const rawConfig = {
  ...SHAPE,
  vocab_size: tokenizer.vocabSize,
  eos_token_id: endOfTurn,
  pad_token_id: 0,
  bos_token_id: null,
};
const config = parseModelConfig(rawConfig, 'the built-in shape');

/** Documents until the budget of tokens is used; every token counts in the loss. */
function* documents(seed: number, tokenBudget: number): Generator<DataExample> {
  let tokens = 0;
  let line = 0;
  for (const document of corpus(seed)) {
    if (tokens >= tokenBudget) return;
    const text =
      'text' in document
        ? document.text
        : template.render({ messages: document.messages.map((message) => ({ ...message })) });
    tokens += tokenizer.encode(text).length + 1;
    yield { source: { file: 'corpus', line: ++line }, kind: 'text', text };
  }
}

console.error('Generating text …');
const { examples, report } = await prepareExamples(documents(Number(values.seed), Number(values.tokens)), {
  tokenizer,
  template,
  maxLength: ROW,
  overlong: 'drop',
});
console.error(report);
const batches = toMicroBatches(examples, {
  batch: ROWS,
  length: ROW,
  packing: 'rows',
  shuffle: { seed: trainConfig.seed, epoch: 0 },
});

const parameters = initializeWeights(config, { standardDeviation: SHAPE.initializer_range, seed: trainConfig.seed });
const runtime = createWorkerRuntime();
const trainable = new Map(parameters.map(({ name, dims }) => [name, dims]));
const model = createLanguageModel(runtime, {
  spec: { config, weights: new Map(), trainable, adapter: [] },
  parameters,
});
await mkdir(values.run, { recursive: true });
const store = await openRunStore({
  directory: values.run,
  config: { train: trainConfig, model: rawConfig, tokens: values.tokens, rows: ROWS, row: ROW },
  resume: values.resume,
});

async function onEvent(event: TrainEvent): Promise<void> {
  await store.recordEvent(event);
  if (event.type !== 'step' || event.step % 20 !== 0) return;
  const { step, totalSteps, loss, tokensPerSecond, secondsLeft } = event;
  console.error(
    `step ${step}/${totalSteps}  loss ${loss.toFixed(3)}  ${tokensPerSecond.toFixed(0)} tok/s  ${(secondsLeft / 60).toFixed(1)} min left`,
  );
}

const abort = new AbortController();
process.once('SIGINT', () => abort.abort());
const { status } = await train({
  model,
  config: trainConfig,
  configDigest: store.configDigest,
  batchesOfEpoch: () => batches,
  checkpoint: store.checkpoint,
  checkpointEvery: 200,
  saveCheckpoint: (checkpoint) => store.saveCheckpoint(checkpoint),
  onEvent,
  now: () => performance.now(),
  yieldControl: yieldToEventLoop,
  signal: abort.signal,
});
await store.close();
await runtime.close();
if (status === 'interrupted')
  throw new BaseError('scripts/interrupted', 'Interrupted; run again with --resume to go on.');
await writeModelFolder(values.out, { rawConfig, parameters, dtype: 'BF16' });
console.error(`Wrote ${values.out}.`);
