import { availableParallelism } from 'node:os';
import { DATA_FORMAT_NAMES } from '@skein/engine';
import { WEIGHT_BITS } from '@skein/engine/node';

/** Where and how fast a model runs. */
export const RUNTIME_OPTIONS = {
  device: { kind: 'choice', choices: ['cpu', 'webgpu'], default: 'cpu', help: 'What computes' },
  threads: {
    kind: 'integer',
    value: 'N',
    min: 1,
    max: 1024,
    help: 'Threads on the CPU, by default one for each core; another number gives other last digits',
  },
} as const;

/** A model that is used as it is, or with an adapter. */
export const MODEL_OPTIONS = {
  model: { kind: 'text', value: 'DIR', required: true, help: 'Folder of the model, in the form of Hugging Face' },
  adapter: { kind: 'text', value: 'DIR', help: 'Folder of a PEFT LoRA adapter to put on it' },
} as const;

/** In how many bits the weights are while a model generates. */
export const WEIGHTS_OPTION = {
  weights: {
    kind: 'choice',
    choices: ['auto', ...WEIGHT_BITS],
    default: 'auto',
    help: 'Bits of the weights; auto: int8 on the CPU for models from 100 million weights, otherwise fp32',
  },
} as const;

/** The same where figures are compared: exact unless asked otherwise. */
export const EXACT_WEIGHTS_OPTION = {
  weights: {
    kind: 'choice',
    choices: WEIGHT_BITS,
    default: 'fp32',
    help: 'Bits of the weights; with fewer, answers come faster and figures are those of the rounded model',
  },
} as const;

/** How tokens are chosen. */
export const SAMPLING_OPTIONS = {
  'max-tokens': { kind: 'integer', value: 'N', min: 1, default: 256, help: 'Longest answer, in tokens' },
  temperature: { kind: 'number', value: 'N', min: 0, default: 0, help: 'Randomness; 0 takes the likeliest token' },
  'top-p': {
    kind: 'number',
    value: 'N',
    min: 0,
    above: true,
    max: 1,
    default: 1,
    help: 'Choose among the likeliest tokens that together have this probability',
  },
  seed: { kind: 'integer', value: 'N', min: 0, max: 0xffffffff, default: 1, help: 'Of the randomness' },
} as const;

/** How the rows of data files are understood. */
export const FORMAT_OPTION = {
  format: { kind: 'choice', choices: DATA_FORMAT_NAMES, help: "Of the rows; by default each file's first row tells" },
} as const;

/** What becomes of examples beyond --length. */
export const OVERLONG_OPTION = {
  overlong: {
    kind: 'choice',
    choices: ['error', 'drop', 'truncate'],
    default: 'error',
    help: 'What to do with a longer example',
  },
} as const;

/** The number of threads that a user left open. */
export function threadsOf({ threads }: { readonly threads: number | undefined }): number {
  return threads ?? availableParallelism();
}
