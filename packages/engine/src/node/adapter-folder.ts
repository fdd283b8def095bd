import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError, invariant } from '@skein/core';
import { type AdapterConfig, adapterModules, formatAdapterConfig, parseAdapterConfig } from '../lora/adapter-config.ts';
import { adapterShapes, PEFT_PREFIX } from '../lora/adapter-parameters.ts';
import type { AdapterModule } from '../models/causal-lm.ts';
import { EMBEDDING, HEAD, HEAD_PATH } from '../models/weight-names.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import { writeDurably } from './durable-file.ts';
import { type ModelFolder, readJson } from './model-folder.ts';
import { float32ToWrite, openSafetensors, readSafetensors, writeSafetensors } from './safetensors-file.ts';

export interface Adapter {
  readonly config: AdapterConfig;
  readonly modules: readonly AdapterModule[];
  /** In the order of the model, named as the graph's inputs. */
  readonly parameters: readonly Parameter[];
}

/** Reads only the settings of an adapter folder. */
export async function readAdapterConfig(path: string): Promise<AdapterConfig> {
  const file = join(path, 'adapter_config.json');
  return parseAdapterConfig(await readJson(file), file);
}

/**
 * Reads a PEFT adapter folder for a model.
 * @throws BaseError for an unsupported kind, arrays that are missing, shapes that do not fit the model, or a copy of
 * the output layer that is not this model's.
 */
export async function readAdapter(path: string, model: Pick<ModelFolder, 'config' | 'weights'>): Promise<Adapter> {
  const config = await readAdapterConfig(path);
  const modules = adapterModules(config, model.config);
  const file = join(path, 'adapter_model.safetensors');
  const stored = new Map((await readSafetensors(file)).map((tensor) => [tensor.name, tensor]));
  const parameters = [...adapterShapes(modules, model.config)].map(([name, dims]) => {
    const tensor = stored.get(PEFT_PREFIX + name);
    stored.delete(PEFT_PREFIX + name);
    if (tensor && tensor.dims.join() === dims.join()) return { name, dims, data: tensor.data };
    const found = tensor ? `has shape [${tensor.dims.join(', ')}] instead of [${dims.join(', ')}]` : 'is missing';
    throw new BaseError('engine/adapter-shape', `${file}: ${PEFT_PREFIX}${name} ${found}.`, {
      hints: ['Use the adapter with the base model that it was trained on.'],
    });
  });
  const copy = stored.get(HEAD_COPY);
  if (copy && modules.some((module) => module.path === HEAD_PATH)) {
    if (!(await isHeadOf(model, copy.data))) {
      throw new BaseError('engine/adapter-base', `${file}: ${HEAD_COPY} is not the output layer of this model.`, {
        hints: [
          'Use the adapter with the base model that it was trained on.',
          "If it is the same in another type, save the adapter with PEFT's save_embedding_layers=False.",
        ],
      });
    }
    stored.delete(HEAD_COPY);
  }
  const [extra] = stored.keys();
  if (extra !== undefined) {
    throw new BaseError(
      'engine/adapter-shape',
      `${file}: ${extra} belongs to no linear that adapter_config.json names.`,
      {
        hints: ['Use the adapter with the base model that it was trained on.'],
      },
    );
  }
  return { config, modules, parameters };
}

/** PEFT saves the output layer itself beside an adapter on it, and puts it in place of the model's when it loads. */
const HEAD_COPY = `${PEFT_PREFIX}${HEAD_PATH}.base_layer.weight`;

async function isHeadOf({ config, weights }: Pick<ModelFolder, 'config' | 'weights'>, copy: Float32Array) {
  const head = weights.get(config.tiedEmbeddings ? EMBEDDING : HEAD);
  invariant(head && !ArrayBuffer.isView(head.source), 'a model folder leaves its weights in files');
  const reader = await openSafetensors(head.source.file);
  try {
    const own = await reader.readFloats(head.name);
    return own.length === copy.length && own.every((value, i) => value === copy[i]);
  } finally {
    await reader.close();
  }
}

/** Writes a folder that PEFT loads; adapter_config.json comes last, so that a folder with it is whole. */
export async function writeAdapter(
  path: string,
  config: AdapterConfig,
  parameters: readonly Parameter[],
): Promise<void> {
  await mkdir(path, { recursive: true });
  const named = parameters.map((parameter) => float32ToWrite({ ...parameter, name: PEFT_PREFIX + parameter.name }));
  await writeSafetensors(join(path, 'adapter_model.safetensors'), named, new Map([['format', 'pt']]));
  await writeDurably(join(path, 'adapter_config.json'), [new TextEncoder().encode(formatAdapterConfig(config))]);
}
