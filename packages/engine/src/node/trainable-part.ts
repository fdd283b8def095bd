import { type FloatDtype, flattenUpdate, type Update } from '@skein/core';
import type { Initializer } from '../graph/graph.ts';
import { type AdapterConfig, adapterModules } from '../lora/adapter-config.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import type { CausalLmSpec } from '../models/causal-lm.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import { writeAdapter } from './adapter-folder.ts';
import type { ModelFolder } from './model-folder.ts';
import { readAllWeights } from './model-weights.ts';
import { writeModelFolder } from './write-model-folder.ts';

/**
 * What a member trains: an adapter's A and B (`lora`), its B alone beside an A that everybody draws from the same seed
 * (`ffa-lora`), or every weight (`full`).
 */
export type LocalMethod =
  | {
      readonly kind: 'ffa-lora' | 'lora';
      readonly rank: number;
      readonly alpha: number;
      /** Names of linears, or endings of their paths. */
      readonly targets: readonly string[];
      /** Of A's first values, an integer of at most 53 bits; equal on every machine. */
      readonly seed: number;
    }
  | { readonly kind: 'full' };

/** A method on a model: the arrays that are trained, with their first values, and what else its graph needs. */
export interface TrainablePart {
  readonly spec: CausalLmSpec;
  readonly parameters: readonly Parameter[];
  /** Parameters as an update, copied. */
  asUpdate(): Update;
  /** Writes the parameters as they are: a PEFT adapter folder, or a model folder. */
  write(path: string): Promise<void>;
}

/** @throws BaseError `engine/adapter-target` for a target that is no linear of the model. */
export async function openTrainablePart(folder: ModelFolder, method: LocalMethod): Promise<TrainablePart> {
  return method.kind === 'full' ? allWeights(folder) : adapterOf(folder, method);
}

async function allWeights(folder: ModelFolder): Promise<TrainablePart> {
  const { config, weights, rawConfig, path: companionsFrom } = folder;
  const parameters = await readAllWeights(folder);
  const types = new Set([...weights.values()].map(({ type }) => type));
  const dtype = types.has('float32') ? 'F32' : types.has('bfloat16') ? 'BF16' : 'F16';
  return {
    spec: { config, weights, trainable: new Map(parameters.map(({ name, dims }) => [name, dims])), adapter: [] },
    parameters,
    asUpdate: () => updateOf(parameters, dtype),
    write: (path) => writeModelFolder(path, { rawConfig, parameters, dtype, companionsFrom }),
  };
}

function adapterOf(folder: ModelFolder, method: Exclude<LocalMethod, { kind: 'full' }>): TrainablePart {
  const { kind, rank, alpha, targets, seed } = method;
  const { config, path: baseModel } = folder;
  const plain = { dropout: 0, rankStabilized: false, rankPattern: {}, alphaPattern: {}, layers: undefined };
  const adapter: AdapterConfig = { rank, alpha, targets, baseModel, ...plain };
  const modules = adapterModules(adapter, config);
  const all = createAdapterParameters(modules, config, seed);
  const isFrozen = ({ name }: Parameter) => kind === 'ffa-lora' && name.endsWith('lora_A.weight');
  const frozen = all
    .filter(isFrozen)
    .map(({ name, dims, data }): [string, Initializer] => [name, { name, dims, type: 'float32', source: data }]);
  const parameters = all.filter((parameter) => !isFrozen(parameter));
  return {
    spec: { config, weights: new Map([...folder.weights, ...frozen]), trainable: new Map(), adapter: modules },
    parameters,
    asUpdate: () => updateOf(parameters, 'F32'),
    write: (path) => writeAdapter(path, adapter, all),
  };
}

function updateOf(parameters: readonly Parameter[], dtype: FloatDtype): Update {
  return flattenUpdate(parameters.map((parameter) => ({ ...parameter, dtype })));
}
