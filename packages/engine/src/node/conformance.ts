import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseError, invariant } from '@skein/core';
import { z } from 'zod';
import {
  type ConformanceCheck,
  compareElements,
  compareNorm,
  compareRelative,
  compareTokens,
} from '../evaluate/conformance-check.ts';
import { generate } from '../generate/generate.ts';
import { PEFT_PREFIX } from '../lora/adapter-parameters.ts';
import { createLanguageModel, type LanguageModel } from '../models/language-model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { clipGradients, gradientNorm } from '../train/clip.ts';
import type { MicroBatch, Parameter } from '../train/differentiable-model.ts';
import { adamWStep, createAdamWState } from '../train/optimizer/adamw.ts';
import { readAdapter } from './adapter-folder.ts';
import { type ModelFolder, openModelFolder, readJson } from './model-folder.ts';
import { readAllWeights } from './model-weights.ts';
import { openSafetensors, readSafetensors } from './safetensors-file.ts';

const LOGITS = { atol: 1e-5, rtol: 1e-4 };
// Full training moves elements whose gradients are nearly zero, and AdamW moves those by the sign of their rounding: see
// docs/conformance.md for how far torch is from itself there.
const FULLY_TRAINED_LOGITS = { atol: 1e-4, rtol: 1e-3 };
const LOSS = 1e-5;
const GRADIENT = 1e-4;
const TRAINED = 1e-3;

const expectedSchema = z.looseObject({
  kind: z.enum(['lora', 'full']),
  base_loss: z.number(),
  lora_loss: z.number(),
  final_loss: z.number(),
  losses: z.array(z.number()),
  grad_norms_before_clip: z.array(z.number()),
  optimizer: z.looseObject({
    name: z.literal('AdamW'),
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
    max_grad_norm: z.number(),
  }),
  generation: z.looseObject({ prompt: z.array(z.int()), greedy: z.array(z.int()) }),
});

interface Reference {
  readonly expected: z.infer<typeof expectedSchema>;
  readonly batch: MicroBatch;
  readonly counted: readonly number[];
  readonly logits: ReadonlyMap<string, Float32Array>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly final: ReadonlyMap<string, Float32Array>;
}

/**
 * Compares this engine with values that another implementation wrote: a folder with `model/`, `expected.json`,
 * `inputs`, `logits` and `grads.safetensors`, and `adapter_init/` + `adapter_final/` or `model_final/`.
 * @returns one check for each kind of value; the run is conformant if all passed.
 */
export async function runConformance(runtime: Runtime, directory: string): Promise<ConformanceCheck[]> {
  const folder = await openModelFolder(join(directory, 'model'));
  const reference = await readReference(directory);
  const base = createLanguageModel(runtime, {
    spec: { config: folder.config, weights: folder.weights, trainable: new Map(), adapter: [] },
    parameters: [],
  });
  const isFull = reference.expected.kind === 'full';
  const trained = await openTrained(runtime, { directory, folder, kind: reference.expected.kind });
  const checks = [
    await checkLogits('base logits', base, reference, 'base_logits'),
    await checkLoss('base loss', base, reference, reference.expected.base_loss),
    await checkLogits('adapted logits', trained, reference, 'lora_logits'),
    await checkLoss('adapted loss', trained, reference, reference.expected.lora_loss),
    await checkGradients(trained, reference),
    ...(await checkTraining(trained, reference)),
    await checkLogits('final logits', trained, reference, 'final_logits', isFull ? FULLY_TRAINED_LOGITS : LOGITS),
    await checkLoss('final loss', trained, reference, reference.expected.final_loss, TRAINED),
    checkFinal(trained, reference),
    await checkGreedy(base, reference),
  ];
  await base.release();
  await trained.release();
  return checks;
}

async function openTrained(
  runtime: Runtime,
  { directory, folder, kind }: { directory: string; folder: ModelFolder; kind: 'lora' | 'full' },
): Promise<LanguageModel> {
  const { config, weights } = folder;
  if (kind === 'lora') {
    const { modules, parameters } = await readAdapter(join(directory, 'adapter_init'), folder);
    return createLanguageModel(runtime, {
      spec: { config, weights, trainable: new Map(), adapter: modules },
      parameters,
    });
  }
  const parameters = await readAllWeights(folder);
  const trainable = new Map(parameters.map(({ name, dims }) => [name, dims]));
  return createLanguageModel(runtime, { spec: { config, weights, trainable, adapter: [] }, parameters });
}

async function readReference(directory: string): Promise<Reference> {
  const file = join(directory, 'expected.json');
  const parsed = expectedSchema.safeParse(await readJson(file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badForm(`${file} is not of the expected form: ${issue?.path.join('.')}: ${issue?.message}.`);
  }
  const [logits, gradients] = await Promise.all(
    ['logits', 'grads'].map((name) => readTensors(join(directory, `${name}.safetensors`))),
  );
  invariant(logits && gradients, 'two files were read');
  const final = existsSync(join(directory, 'adapter_final'))
    ? join(directory, 'adapter_final', 'adapter_model.safetensors')
    : join(directory, 'model_final', 'model.safetensors');
  return {
    expected: parsed.data,
    ...(await readInputs(directory)),
    logits,
    gradients,
    final: await readTensors(final),
  };
}

/** By the names of our parameters: without PEFT's prefix. */
async function readTensors(file: string): Promise<Map<string, Float32Array>> {
  return new Map((await readSafetensors(file)).map(({ name, data }) => [name.replace(PEFT_PREFIX, ''), data]));
}

async function readInputs(directory: string): Promise<{ batch: MicroBatch; counted: number[] }> {
  const reader = await openSafetensors(join(directory, 'inputs.safetensors'));
  try {
    const read = async (name: string) => {
      const bytes = await reader.read(name);
      return Int32Array.from(new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8), Number);
    };
    const [inputIds, mask, labels] = [await read('input_ids'), await read('attention_mask'), await read('labels')];
    const [rows = 0, length = 0] = reader.index.tensors.get('input_ids')?.dims ?? [];
    // Labels stand at the token itself; the target of a position is the token after it, in the same row.
    const targets = inputIds.map((_, i) => ((i + 1) % length === 0 ? -1 : Math.max(-1, labels[i + 1] ?? -1)));
    const batch = {
      batch: rows,
      length,
      inputIds,
      positions: inputIds.map((_, i) => i % length),
      segments: mask,
      targets,
      targetCount: targets.filter((target) => target >= 0).length,
    };
    return { batch, counted: [...mask.keys()].filter((i) => mask[i] === 1) };
  } finally {
    await reader.close();
  }
}

function badForm(message: string): BaseError {
  return new BaseError('engine/conformance-form', message, {
    hints: ['See docs/conformance.md for what a conformance folder holds.'],
  });
}

function valueOf(tensors: ReadonlyMap<string, Float32Array>, name: string, file: string): Float32Array {
  const values = tensors.get(name);
  if (values === undefined) throw badForm(`The reference lacks the tensor "${name}" in ${file}.`);
  return values;
}

async function checkLogits(
  name: string,
  model: LanguageModel,
  { batch, counted, logits }: Reference,
  ...[key, tolerance = LOGITS]: [string, { atol: number; rtol: number }?]
): Promise<ConformanceCheck> {
  const all = await model.logits(batch);
  const expected = valueOf(logits, key, 'logits.safetensors');
  const width = model.spec.config.vocabularySize;
  const seen = (values: Float32Array) =>
    Float32Array.from({ length: counted.length * width }, (_, i) => {
      return values[(counted[Math.floor(i / width)] ?? 0) * width + (i % width)] as number;
    });
  return compareElements(name, [seen(all), seen(expected)], tolerance);
}

async function checkLoss(
  name: string,
  model: LanguageModel,
  { batch }: Reference,
  ...[expected, limit = LOSS]: [number, number?]
): Promise<ConformanceCheck> {
  const { lossSum } = await model.loss(batch);
  return compareRelative(name, [[lossSum / batch.targetCount], [expected]], limit);
}

async function gradientsOf(model: LanguageModel, batch: MicroBatch) {
  const gradients = model.parameters.map(({ data }) => new Float32Array(data.length));
  const { lossSum } = await model.accumulateGradients(batch, 1 / batch.targetCount, gradients, 0);
  return { gradients, loss: lossSum / batch.targetCount };
}

async function checkGradients(model: LanguageModel, reference: Reference): Promise<ConformanceCheck> {
  const { gradients } = await gradientsOf(model, reference.batch);
  const checks = model.parameters.map(({ name }, i) => {
    const expected = valueOf(reference.gradients, name, 'grads.safetensors');
    return compareNorm('gradients', [gradients[i] ?? [], expected], GRADIENT);
  });
  return checks.reduce((worst, check) => (check.shareOfTolerance <= worst.shareOfTolerance ? worst : check));
}

async function checkTraining(model: LanguageModel, { batch, expected }: Reference): Promise<ConformanceCheck[]> {
  const { lr, betas, eps, weight_decay, max_grad_norm } = expected.optimizer;
  const arrays = model.parameters.map(({ data }) => data);
  const state = createAdamWState(arrays);
  const yieldControl = () => Promise.resolve();
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = 1; step <= expected.losses.length; step++) {
    const { gradients, loss } = await gradientsOf(model, batch);
    losses.push(loss);
    const { total } = await gradientNorm(gradients, yieldControl);
    norms.push(total);
    await clipGradients(gradients, { norm: total, maxNorm: max_grad_norm }, yieldControl);
    const options = { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay: weight_decay };
    await adamWStep(arrays, state, { gradients, learningRate: lr, step, options, yieldControl });
    await model.parametersChanged();
  }
  return [
    compareRelative('ten-step losses', [losses, expected.losses], TRAINED),
    compareRelative('ten-step gradient norms', [norms, expected.grad_norms_before_clip], TRAINED),
  ];
}

function checkFinal(model: LanguageModel, { final }: Reference): ConformanceCheck {
  const checks = model.parameters.map(({ name, data }: Parameter) => {
    const expected = valueOf(final, name, 'the final weights');
    return compareNorm('final parameters', [data, expected], TRAINED);
  });
  return checks.reduce((worst, check) => (check.shareOfTolerance <= worst.shareOfTolerance ? worst : check));
}

async function checkGreedy(model: LanguageModel, { expected }: Reference): Promise<ConformanceCheck> {
  const { prompt, greedy } = expected.generation;
  const [tokens = []] = await generate(model, [prompt], { maxNewTokens: greedy.length, stopIds: new Set() });
  return compareTokens('greedy tokens', [tokens, greedy]);
}
