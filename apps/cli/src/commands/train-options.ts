import { HEAD_PATH, LINEARS, MEMORY_RULES, PACKINGS } from '@skein/engine';
import { TRAINING_MODES } from '@skein/engine/node';
import type { Options } from '../command.ts';
import { FORMAT_OPTION, OVERLONG_OPTION, RUNTIME_OPTIONS } from '../shared-options.ts';

/** What is trained on what, and where it goes. */
const SUBJECT = {
  model: { kind: 'text', value: 'DIR', required: true, help: 'Folder of the base model, in the form of Hugging Face' },
  data: { kind: 'text', value: 'FILE', many: true, required: true, help: 'JSONL or CSV to train on' },
  out: { kind: 'text', value: 'DIR', required: true, help: 'Folder for this run; made if it is not there' },
  ...FORMAT_OPTION,
  validation: { kind: 'text', value: 'FILE', many: true, help: 'Data to measure the loss on' },
  'validation-share': {
    kind: 'number',
    value: 'N',
    min: 0,
    above: true,
    max: 0.5,
    help: 'Share of the data to set aside for that instead',
  },
  resume: { kind: 'flag', help: 'Go on with the run in --out' },
  'dry-run': { kind: 'flag', help: 'Estimate memory and time, then stop; writes nothing' },
} as const satisfies Options;

const METHOD = {
  rank: { kind: 'integer', value: 'N', min: 1, max: 4096, help: 'Rank of the LoRA matrices, 16 if not given' },
  alpha: {
    kind: 'number',
    value: 'N',
    min: 0,
    above: true,
    help: 'LoRA counts alpha/rank times, twice the rank if not given',
  },
  dropout: { kind: 'number', value: 'N', min: 0, max: 0.9, help: 'Dropout on the input of LoRA, 0 if not given' },
  targets: {
    kind: 'choice',
    choices: [...Object.keys(LINEARS), HEAD_PATH],
    many: true,
    help: 'Linear layers that get LoRA, all but lm_head if not given',
  },
  'rank-pattern': { kind: 'text', value: 'NAME=N', many: true, help: 'Another rank for some linear layers' },
  'alpha-pattern': { kind: 'text', value: 'NAME=N', many: true, help: 'Another alpha for some linear layers' },
  rslora: { kind: 'flag', help: 'Let LoRA count alpha/√rank times (rsLoRA)' },
  adapter: { kind: 'text', value: 'DIR', help: 'Train this adapter further instead of a new one' },
  full: { kind: 'flag', help: 'Train every weight of a small model instead of an adapter' },
} as const satisfies Options;

const ROWS = {
  length: { kind: 'integer', value: 'N', min: 2, default: 512, help: 'Longest example or packed row, in tokens' },
  ...OVERLONG_OPTION,
  packing: {
    kind: 'choice',
    choices: PACKINGS,
    default: 'batch',
    help:
      'Examples that share a row, unseen by each other: none; those of a batch, so that steps stay the same and only ' +
      'padding goes; or as many as fit, and --batch counts filled rows',
  },
  batch: { kind: 'integer', value: 'N', min: 1, default: 4, help: 'Examples, or filled rows, computed at once' },
  accumulate: { kind: 'integer', value: 'N', min: 1, default: 1, help: 'Batches for one step' },
} as const satisfies Options;

const COURSE = {
  epochs: { kind: 'integer', value: 'N', min: 1, help: 'Times over the data, 3 if neither this nor --steps is given' },
  steps: { kind: 'integer', value: 'N', min: 1, help: 'Most steps' },
  rate: {
    kind: 'number',
    value: 'N',
    min: 0,
    above: true,
    help: 'Highest learning rate, 2e-4 if not given, 2e-5 with --full',
  },
  schedule: {
    kind: 'choice',
    choices: ['constant', 'linear', 'cosine'],
    default: 'cosine',
    help: 'How the rate falls after the warm-up',
  },
  warmup: { kind: 'number', value: 'N', min: 0, max: 1, default: 0.03, help: 'Share of the steps in which it climbs' },
  'weight-decay': { kind: 'number', value: 'N', min: 0, default: 0, help: 'Of AdamW' },
  clip: { kind: 'number', value: 'N', min: 0, default: 1, help: 'Largest norm of the gradient; 0 for any' },
  'evaluate-every': { kind: 'integer', value: 'N', min: 1, help: 'Steps between measurements on the validation data' },
  patience: {
    kind: 'integer',
    value: 'N',
    min: 1,
    help: 'Stop after so many measurements without a gain, and keep the best parameters',
  },
  'min-gain': { kind: 'number', value: 'N', min: 0, help: 'What counts as a gain, in nats a token; 0 if not given' },
  'checkpoint-every': { kind: 'integer', value: 'N', min: 1, default: 100, help: 'Steps between checkpoints' },
  seed: { kind: 'integer', value: 'N', min: 0, max: 0xffffffff, default: 1, help: 'Of order, dropout and new LoRA' },
} as const satisfies Options;

const MODE = {
  mode: {
    kind: 'choice',
    choices: TRAINING_MODES,
    default: 'fp32',
    help:
      'Numbers that products with frozen weights are made of: floats, 8-bit integers (on a CPU), floats with weights ' +
      'in 4 bits, or with auto 8-bit integers wherever their gradient is close enough to that of floats on a batch ' +
      'of the data',
  },
} as const satisfies Options;

const MEMORY = {
  memory: {
    kind: 'choice',
    choices: MEMORY_RULES,
    default: 'auto',
    help:
      'What a step keeps: every activation, or in less memory and a third more time the inputs of layers, which are ' +
      'then run again; auto takes low where fast does not fit',
  },
} as const satisfies Options;

const TRAINER = {
  ...RUNTIME_OPTIONS,
  device: {
    kind: 'choice',
    choices: ['cpu', 'webgpu', 'cuda'],
    default: 'cpu',
    help: 'What computes; cuda with --trainer python',
  },
  trainer: {
    kind: 'choice',
    choices: ['engine', 'python'],
    default: 'engine',
    help: 'This engine, or transformers and PEFT in a Python of yours (docs/python-worker.md)',
  },
  python: { kind: 'text', value: 'FILE', help: 'The Python with these packages, python3 if not given' },
  precision: {
    kind: 'choice',
    choices: ['fp32', 'bf16'],
    help: 'Numbers of --trainer python, fp32 if not given; adapters stay in float32',
  },
} as const satisfies Options;

export const TRAIN_OPTIONS = {
  ...SUBJECT,
  ...METHOD,
  ...ROWS,
  ...COURSE,
  ...MODE,
  ...MEMORY,
  ...TRAINER,
} as const;
