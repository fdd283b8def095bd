export { type Adapter, readAdapter, readAdapterConfig, writeAdapter } from './adapter-folder.ts';
export { assertVocabularyFits } from './assert-vocabulary-fits.ts';
export { runConformance } from './conformance.ts';
export {
  openGenerationWeights,
  WEIGHT_BITS,
  type WeightBits,
  weightBitsFor,
} from './generation-weights.ts';
export { readDataFiles } from './data-files.ts';
export { type PreparedFineTune, prepareFineTune } from './fine-tune.ts';
export type { FineTuneOptions } from './fine-tune-options.ts';
export type { PreparedRun } from './fine-tune-inputs.ts';
export { preparePythonFineTune } from './python-fine-tune.ts';
export type { PythonTrainer } from './python-job.ts';
export { writeDurably } from './durable-file.ts';
export { loadVocabulary } from './load-vocabulary.ts';
export type { FilesEvaluation, FilesToEvaluate } from './evaluate-files.ts';
export type { DataSplit, LocalRoundOptions, LocalRoundResult } from './local-round.ts';
export { createLocalTrainer, type LocalTrainer, type LocalTrainerOptions } from './local-trainer.ts';
export { type ModelFolder, openModelFolder } from './model-folder.ts';
export { assertBaseModel, digestOfModelManifest, type ModelManifest, readModelManifest } from './model-manifest.ts';
export { readAllWeights, streamWeights } from './model-weights.ts';
export { type MergeOptions, type MergeResult, mergeAdapter } from './merge-adapter.ts';
export { readStopIds } from './read-stop-ids.ts';
export { openRunStore, type RunStore } from './run-store.ts';
export { openSafetensors } from './safetensors-file.ts';
export { scanWeights } from './scan-weights.ts';
export type { LocalMethod } from './trainable-part.ts';
export type { Device } from './onnx-session.ts';
export { createWorkerRuntime } from './worker-runtime.ts';
export { type ModelToWrite, writeModelFolder } from './write-model-folder.ts';
export { yieldToEventLoop } from './yield-to-event-loop.ts';
export { HALF_BILLION, type ModelShape, type RandomModelOptions, randomModelFolder } from './random-model.ts';
export {
  type CalibrationJob,
  type ModeChoice,
  openTrainingWeights,
  TRAINING_MODES,
  type TrainingMode,
} from './training-weights.ts';
export { arbitraryBatch } from './arbitrary-batch.ts';
export { MEASURED_COURSE, trainOnBatch, type TrainOnBatchOptions } from './train-on-batch.ts';
export { type MeasureTrainingOptions, measureTraining, type TrainingMeasurement } from './measure-training.ts';
