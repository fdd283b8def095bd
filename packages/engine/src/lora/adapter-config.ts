import { BaseError } from '@skein/core';
import { z } from 'zod';
import type { AdapterModule } from '../models/causal-lm.ts';
import type { ModelConfig } from '../models/model-config.ts';
import { HEAD_PATH, LINEARS, type LinearName, linearPath } from '../models/weight-names.ts';

/** A LoRA adapter's settings, in the words of PEFT's adapter_config.json. */
export interface AdapterConfig {
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  /** Scale α/√r instead of α/r (Kalajdzievski 2023, arXiv:2312.03732). */
  readonly rankStabilized: boolean;
  /** Names of linears, or endings of their paths; or one regular expression on the whole path. */
  readonly targets: readonly string[] | string;
  readonly rankPattern: Readonly<Record<string, number>>;
  readonly alphaPattern: Readonly<Record<string, number>>;
  readonly layers: readonly number[] | undefined;
  readonly baseModel: string | undefined;
}

const rank = z.int().positive();

const fileSchema = z.looseObject({
  peft_type: z.string(),
  r: rank,
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  use_rslora: z.boolean().default(false),
  target_modules: z.union([z.string(), z.array(z.string()).min(1)]),
  rank_pattern: z.record(z.string(), rank).default({}),
  alpha_pattern: z.record(z.string(), z.number().positive()).default({}),
  layers_to_transform: z.union([z.int(), z.array(z.int())]).nullish(),
  base_model_name_or_path: z.string().nullish(),
});

/** Settings that change what an adapter computes and that we do not compute. */
const REFUSED: Readonly<Record<string, string>> = {
  use_dora: 'DoRA',
  use_qalora: 'QALoRA',
  use_bdlora: 'BD-LoRA',
  fan_in_fan_out: 'fan_in_fan_out',
  modules_to_save: 'modules_to_save',
  trainable_token_indices: 'trainable_token_indices',
  target_parameters: 'target_parameters',
  layer_replication: 'layer_replication',
  alora_invocation_tokens: 'aLoRA',
  exclude_modules: 'exclude_modules',
  lora_bias: 'lora_bias',
  velora_config: 'VeLoRA',
  monteclora_config: 'MonteCLoRA',
  kasa_config: 'KaSA',
  arrow_config: 'Arrow',
};

/** Starts that leave the base weights as they are; others, such as PiSSA, take a part out of them when PEFT loads. */
const PLAIN_STARTS: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal'];

/**
 * Reads adapter_config.json of PEFT.
 * @param file its name in messages
 * @throws BaseError for another kind of adapter (DoRA and others, by name) or a field that is missing or out of range.
 */
export function parseAdapterConfig(json: unknown, file: string): AdapterConfig {
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BaseError('engine/adapter-config', `${file}: ${issue?.path.join('.')}: ${issue?.message}.`, {
      hints: ['Check that this is the adapter_config.json of a LoRA adapter.'],
      cause: parsed.error,
    });
  }
  const raw = parsed.data;
  const refuse = (kind: string) => {
    throw new BaseError('engine/adapter-unsupported', `${file}: adapters with ${kind} are not supported.`, {
      hints: ['Use a plain LoRA adapter (rsLoRA, rank_pattern and alpha_pattern are supported).'],
    });
  };
  if (raw.peft_type !== 'LORA') refuse(`peft_type ${raw.peft_type}`);
  if (raw.bias !== undefined && raw.bias !== 'none') refuse(`bias ${JSON.stringify(raw.bias)}`);
  for (const [key, kind] of Object.entries(REFUSED)) if (isSet(raw[key])) refuse(kind);
  const start = raw['init_lora_weights'];
  if (!PLAIN_STARTS.includes(start)) refuse(`init_lora_weights ${JSON.stringify(start)}`);
  const layers = raw.layers_to_transform;
  const config: AdapterConfig = {
    rank: raw.r,
    alpha: raw.lora_alpha,
    dropout: raw.lora_dropout,
    rankStabilized: raw.use_rslora,
    targets: raw.target_modules,
    rankPattern: raw.rank_pattern,
    alphaPattern: raw.alpha_pattern,
    layers: layers === null || layers === undefined ? undefined : [layers].flat(),
    baseModel: raw.base_model_name_or_path ?? undefined,
  };
  // PEFT then shares the head's adapter with the embedding, where they are tied.
  if (raw['ensure_weight_tying'] === true && targetsHead(config)) refuse('ensure_weight_tying on lm_head');
  return config;
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false;
}

/** adapter_config.json as PEFT 0.21 reads it; lists are sorted, so that equal adapters give equal bytes. */
export function formatAdapterConfig(config: AdapterConfig): string {
  const { targets } = config;
  const fields = {
    alpha_pattern: config.alphaPattern,
    base_model_name_or_path: config.baseModel ?? null,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_to_transform: config.layers ?? null,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r: config.rank,
    rank_pattern: config.rankPattern,
    target_modules: typeof targets === 'string' ? targets : [...targets].toSorted(),
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: config.rankStabilized,
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/**
 * The linears that an adapter changes, in the order of the model, with rank and scale after its patterns.
 * The output layer (lm_head) is one of them; where it is tied, the embedding of the input stays as it is.
 * @throws BaseError where a target matches no linear.
 */
export function adapterModules(adapter: AdapterConfig, model: ModelConfig): AdapterModule[] {
  const modules: AdapterModule[] = [];
  for (let layer = 0; layer < model.layers; layer++) {
    if (adapter.layers && !adapter.layers.includes(layer)) continue;
    for (const name of Object.keys(LINEARS) as LinearName[]) {
      const path = linearPath(layer, name);
      if (matchesTarget(path, adapter.targets)) modules.push(scaledModule(path, adapter));
    }
  }
  if (targetsHead(adapter)) modules.push(scaledModule(HEAD_PATH, adapter));
  const targets = typeof adapter.targets === 'string' ? [] : adapter.targets;
  const unmatched = targets.find((target) => !modules.some(({ path }) => matchesTarget(path, [target])));
  if (unmatched !== undefined || modules.length === 0) {
    throw new BaseError(
      'engine/adapter-target',
      `The adapter's target "${unmatched ?? String(adapter.targets)}" is no linear of this model.`,
      {
        hints: [`The linears are ${[...Object.keys(LINEARS), HEAD_PATH].join(', ')}.`],
      },
    );
  }
  return modules;
}

/** A key of the adapter's patterns that fits none of its linears: most likely mistyped. */
export function unusedPattern(adapter: AdapterConfig, modules: readonly AdapterModule[]): string | undefined {
  const keys = Object.keys({ ...adapter.rankPattern, ...adapter.alphaPattern });
  return keys.find((key) => modules.every(({ path }) => byPattern({ [key]: 1 }, path) === undefined));
}

function scaledModule(path: string, adapter: AdapterConfig): AdapterModule {
  const moduleRank = byPattern(adapter.rankPattern, path) ?? adapter.rank;
  const alpha = byPattern(adapter.alphaPattern, path) ?? adapter.alpha;
  return { path, rank: moduleRank, scale: alpha / (adapter.rankStabilized ? Math.sqrt(moduleRank) : moduleRank) };
}

/** PEFT's rule: a list names modules or endings of their paths; a string is a regular expression on the whole path. */
function matchesTarget(path: string, targets: readonly string[] | string): boolean {
  if (targets === 'all-linear') return true;
  if (typeof targets === 'string') return new RegExp(`^(?:${targets})$`).test(path);
  return targets.some((target) => path === target || path.endsWith(`.${target}`));
}

/** PEFT's rule: "all-linear" leaves the output layer out, and so does a list where the layers are chosen. */
function targetsHead({ targets, layers }: AdapterConfig): boolean {
  if (targets === 'all-linear') return false;
  const isChosenLayer = typeof targets !== 'string' && layers !== undefined && layers.length > 0;
  return !isChosenLayer && matchesTarget(HEAD_PATH, targets);
}

function byPattern(pattern: Readonly<Record<string, number>>, path: string): number | undefined {
  return Object.entries(pattern).find(([key]) => new RegExp(`^(?:.*\\.)?(?:${key})$`).test(path))?.[1];
}
