import {
  adapterModules,
  createAdapterParameters,
  createLanguageModel,
  type LanguageModel,
  LINEARS,
  parseAdapterConfig,
} from '@skein/engine';
import { createWorkerRuntime, openModelFolder } from '@skein/engine/node';

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
): Promise<{ model: LanguageModel; close: () => Promise<void> }> {
  const { config, weights } = await openModelFolder(directory);
  const modules = adapterModules(parseAdapterConfig(ADAPTER, 'the built-in adapter'), config);
  const runtime = createWorkerRuntime('cpu');
  const model = createLanguageModel(runtime, {
    spec: { config, weights, trainable: new Map(), adapter: modules },
    parameters: createAdapterParameters(modules, config, 1),
    threads,
  });
  return { model, close: () => runtime.close() };
}
