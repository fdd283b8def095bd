import { CHUNK_ELEMENTS } from '../graph/cross-entropy.ts';
import { elementCount } from '../tensor.ts';
import type { AdapterModule } from './causal-lm.ts';
import type { ModelConfig } from './model-config.ts';
import { moduleDims, weightShapes } from './weight-names.ts';

/** Node, its worker and ONNX Runtime with an open graph, before the first step. */
const RUNTIME_BYTES = 266_000_000;

export interface TrainingShape {
  readonly batch: number;
  readonly length: number;
  readonly trainableElements: number;
}

export interface TrainingEstimate {
  /** Weights as they lie in their files; mapped, so the system may drop and read them again. */
  readonly mappedBytes: number;
  /** Program and runtime, parameters, gradients, moments, and what the forward pass keeps for the reverse pass. */
  readonly anonymousBytes: number;
  /** Multiply-adds counted as two, forward and reverse, of one micro-batch. */
  readonly flopsPerMicroBatch: number;
}

/**
 * What a run will need, before it begins. FLOPs follow Kaplan et al. 2020 (arXiv:2001.08361): 2 for each weight and
 * token forward, as many again for the gradient of the inputs, and for that of the trained weights; attention apart.
 * Memory counts the arrays that the reverse pass reads: measured at 64 to 512 tokens of Qwen2.5-0.5B, the first steps
 * take 0.95 to 1.08 times as much (docs/performance.md). The runtime's memory grows in doublings and may later take a
 * third more.
 */
export function estimateTraining(
  config: ModelConfig,
  { batch, length, trainableElements }: TrainingShape,
  weightBytes: number,
): TrainingEstimate {
  const tokens = batch * length;
  const shapes = weightShapes(config);
  const matrices = [...shapes].filter(([, dims]) => dims.length === 2);
  const parameters = matrices.reduce((sum, [, dims]) => sum + elementCount(dims), 0);
  const lookup = config.tiedEmbeddings ? 0 : config.vocabularySize * config.hiddenSize;
  const attention = 12 * config.layers * config.heads * config.headSize * length;
  const perToken = 4 * (parameters - lookup) + 2 * trainableElements + attention;
  const { hiddenSize: H, intermediateSize: F, heads, kvHeads, headSize: D } = config;
  const keptPerToken = 6 * H + 4 * heads * D + 4 * kvHeads * D + 5 * F + heads * length;
  const logits = 2 * Math.min(tokens * config.vocabularySize, CHUNK_ELEMENTS);
  return {
    mappedBytes: weightBytes,
    anonymousBytes: RUNTIME_BYTES + 4 * (4 * trainableElements + tokens * config.layers * keptPerToken + logits),
    flopsPerMicroBatch: perToken * tokens,
  };
}

/** Elements of an adapter's matrices. */
export function adapterElements(modules: readonly AdapterModule[], config: ModelConfig): number {
  return modules.reduce((sum, { path, rank }) => {
    const [out, into] = moduleDims(config, path);
    return sum + rank * (out + into);
  }, 0);
}
