import {
  adapterModules,
  createAdapterParameters,
  createLanguageModel,
  type LanguageModel,
  LINEARS,
  parseAdapterConfig,
} from '@skein/engine';
import { createWorkerRuntime, openModelFolder, openTrainingWeights, type TrainingMode } from '@skein/engine/node';

/** What both sides of a comparison train: rank 16 on every linear, without dropout. */
const ADAPTER = {
  peft_type: 'LORA',
  r: 16,
  lora_alpha: 32,
  lora_dropout: 0,
  bias: 'none',
  target_modules: Object.keys(LINEARS),
};

/** The model of a folder with a fresh adapter, opened as `skein train` opens it. */
export async function openLoraModel(
  directory: string,
  threads: number,
  { mode = 'fp32', recompute = false }: { readonly mode?: TrainingMode; readonly recompute?: boolean } = {},
): Promise<{ model: LanguageModel; close: () => Promise<void> }> {
  const folder = await openModelFolder(directory);
  const { config, weights } = folder;
  const modules = adapterModules(parseAdapterConfig(ADAPTER, 'the built-in adapter'), config);
  const runtime = createWorkerRuntime('cpu');
  const spec = { config, weights, trainable: new Map(), adapter: modules };
  const parameters = createAdapterParameters(modules, config, 1);
  const { quantized } = await openTrainingWeights(runtime, mode, {
    folder,
    spec,
    parameters,
    threads,
    batch: undefined,
  });
  const model = createLanguageModel(runtime, {
    spec: { ...spec, ...(quantized && { quantized }) },
    parameters,
    threads,
    recompute,
  });
  return { model, close: () => runtime.close() };
}
