import {
  adapterModules,
  createAdapterParameters,
  createLanguageModel,
  type LanguageModel,
  LINEARS,
  parseAdapterConfig,
  type Runtime,
} from '@skein/engine';
import {
  createWorkerRuntime,
  openModelFolder,
  openTrainingWeights,
  type TrainingMode,
  yieldToEventLoop,
} from '@skein/engine/node';

/** What both sides of a comparison train: every linear, without dropout. */
const loraOf = (rank: number) => ({
  peft_type: 'LORA',
  r: rank,
  lora_alpha: 2 * rank,
  lora_dropout: 0,
  bias: 'none',
  target_modules: Object.keys(LINEARS),
});

/**
 * The model of a folder with a fresh adapter, opened as `skein train` opens it.
 * @param how `layers`: so many of its first layers, instead of all
 */
export async function openLoraModel(
  directory: string,
  threads: number,
  {
    mode = 'fp32',
    rank = 16,
    layers,
    recompute = false,
    profilePrefix,
  }: {
    readonly mode?: TrainingMode;
    readonly rank?: number;
    readonly layers?: number;
    readonly recompute?: boolean;
    readonly profilePrefix?: string;
  } = {},
): Promise<{ model: LanguageModel; close: () => Promise<void> }> {
  const folder = await openModelFolder(directory);
  const { weights } = folder;
  const config = { ...folder.config, layers: layers ?? folder.config.layers };
  const modules = adapterModules(parseAdapterConfig(loraOf(rank), 'the built-in adapter'), config);
  const runtime = createWorkerRuntime('cpu');
  const spec = { config, weights, trainable: new Map(), adapter: modules };
  const parameters = createAdapterParameters(modules, config, 1);
  const { quantized } = await openTrainingWeights(runtime, mode, {
    // Whole, since what is quantised is kept for everybody.
    folder,
    spec,
    parameters,
    threads,
    batch: undefined,
  });
  const profiled: Runtime = {
    ...runtime,
    createSession: (graph, options) =>
      runtime.createSession(graph, { ...options, ...(profilePrefix && { profilePrefix }) }),
  };
  const model = createLanguageModel(profiled, {
    spec: { ...spec, ...(quantized && { quantized }) },
    parameters,
    threads,
    recompute,
    yieldControl: yieldToEventLoop,
  });
  return { model, close: () => runtime.close() };
}
