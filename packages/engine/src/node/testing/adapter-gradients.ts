import { adapterModules } from '../../lora/adapter-config.ts';
import { createAdapterParameters } from '../../lora/adapter-parameters.ts';
import type { CausalLmSpec } from '../../models/causal-lm.ts';
import { createLanguageModel } from '../../models/language-model.ts';
import { scrambled } from '../../models/testing/tiny-model.ts';
import { HEAD_PATH, LINEARS } from '../../models/weight-names.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { openInt8Cache } from '../int8-cache.ts';
import { type ModelFolder, openModelFolder } from '../model-folder.ts';

const LENGTH = 48;

interface GradientOptions {
  readonly dropout?: number;
  /** As for `createLanguageModel`. */
  readonly recompute?: boolean | undefined;
}

/**
 * Gradients of LoRA on every linear of a model folder, for one row of tokens.
 * @param levels of the quantised weights; undefined for float32
 */
export async function int8Gradients(
  runtime: Runtime,
  path: string,
  { levels, dropout = 0, recompute }: GradientOptions & { readonly levels: number | undefined },
): Promise<Float32Array[]> {
  const folder = await openModelFolder(path);
  const quantized = levels === undefined ? undefined : (await openInt8Cache(folder, { levels, threads: 2 })).matrices;
  return adapterGradients(runtime, folder, { quantized, dropout, recompute });
}

/** The same with any frozen matrices. */
export async function adapterGradients(
  runtime: Runtime,
  { config, weights }: ModelFolder,
  { quantized, dropout = 0, recompute = false }: GradientOptions & { readonly quantized?: CausalLmSpec['quantized'] },
): Promise<Float32Array[]> {
  const modules = adapterModules(
    {
      rank: 4,
      alpha: 8,
      dropout,
      rankStabilized: false,
      targets: [...Object.keys(LINEARS), HEAD_PATH],
      rankPattern: {},
      alphaPattern: {},
      layers: undefined,
      baseModel: undefined,
    },
    config,
  );
  const parameters = scrambled(createAdapterParameters(modules, config, 1)).map((p) => ({
    ...p,
    data: p.data.map((x) => 0.05 * x),
  }));
  const spec = { config, weights, trainable: new Map(), adapter: modules, ...(quantized && { quantized }) };
  const model = createLanguageModel(runtime, { spec, parameters, dropout, recompute, threads: 2 });
  const inputIds = Int32Array.from({ length: LENGTH }, (_, i) => (i * 7919 + 13) % config.vocabularySize);
  const batch = {
    batch: 1,
    length: LENGTH,
    inputIds,
    positions: Int32Array.from(inputIds.keys()),
    segments: new Int32Array(LENGTH).fill(1),
    targets: inputIds.map((_, i) => inputIds[i + 1] ?? -1),
    targetCount: LENGTH - 1,
  };
  const sums = parameters.map(({ data }) => new Float32Array(data.length));
  await model.accumulateGradients(batch, 1 / batch.targetCount, sums, 5);
  await model.release();
  return sums;
}
