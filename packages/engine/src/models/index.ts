export type { AdapterModule, CausalLmSpec } from './causal-lm.ts';
export { MEMORY_RULES, type MemoryChoice, type MemoryRule } from './choose-memory.ts';
export {
  estimateTraining,
  type MemoryUse,
  type TrainingEstimate,
  trainingFlops,
  type TrainingShape,
} from './estimate.ts';
export { initializeWeights } from './initialize-weights.ts';
export { createLanguageModel, type LanguageModel, type LanguageModelOptions } from './language-model.ts';
export { type ModelConfig, parseModelConfig } from './model-config.ts';
export { HEAD_PATH, LINEARS, type LinearName } from './weight-names.ts';
