import { graphMemory } from '../graph/graph-memory.ts';
import { elementCount } from '../tensor.ts';
import { type AdapterModule, buildCausalLm, type CausalLmSpec } from './causal-lm.ts';
import type { ModelConfig } from './model-config.ts';
import { moduleDims, weightShapes } from './weight-names.ts';

/** Node, its worker and ONNX Runtime, and what an open graph takes for each of its nodes. */
const RUNTIME_BYTES = 180_000_000;
const NODE_BYTES = 10_000;

/**
 * Memory that ONNX Runtime keeps for each byte that a graph needs: it hands out blocks that were made for others, of
 * which graphs with numbers of 8 bits have the more sizes.
 */
const KEPT = { fast: 1.05, fastInFewBits: 1.35, low: 1.5 } as const;

/** What a step keeps for its reverse pass: every activation, or the inputs of layers, which are then run again. */
export type MemoryUse = 'fast' | 'low';

export interface TrainingEstimate {
  /** Weights that products read in their files; mapped, so the system may drop and read them again. */
  readonly mappedBytes: number;
  /** Program and runtime, parameters, gradients, moments, and the most that a step holds at one time. */
  readonly anonymousBytes: number;
}

export interface TrainingShape {
  readonly batch: number;
  readonly length: number;
  readonly dropout: number;
  readonly trainableElements: number;
  readonly memory: MemoryUse;
}

/** What training on micro-batches of a shape will need, before it runs; how close that comes: docs/performance.md. */
export function estimateTraining(
  spec: CausalLmSpec,
  { trainableElements, memory, ...shape }: TrainingShape,
): TrainingEstimate {
  const graph = buildCausalLm(spec, { kind: 'loss', gradients: true, recompute: memory === 'low', ...shape });
  const { peakBytes, mappedBytes } = graphMemory(graph);
  const ownBytes = RUNTIME_BYTES + NODE_BYTES * graph.nodes.length + 4 * 4 * trainableElements;
  const kept = memory === 'fast' && spec.quantized ? KEPT.fastInFewBits : KEPT[memory];
  return { mappedBytes, anonymousBytes: ownBytes + Math.round(kept * peakBytes) };
}

/**
 * Floating-point operations of a micro-batch with LoRA, a multiply-add counted as two (Kaplan et al. 2020,
 * arXiv:2001.08361): 2 for each weight and token forward and as many for the gradient of its input, 6 for each number
 * of the adapters, and the half of attention's products that causality leaves.
 */
export function trainingFlops(
  config: ModelConfig,
  adapter: readonly AdapterModule[],
  { batch, length }: { readonly batch: number; readonly length: number },
): number {
  const matrices = [...weightShapes(config).values()].filter((dims) => dims.length === 2);
  const parameters = matrices.reduce((sum, dims) => sum + elementCount(dims), 0);
  const lookup = config.tiedEmbeddings ? 0 : config.vocabularySize * config.hiddenSize;
  const added = adapter.reduce((sum, { path, rank }) => {
    const [out, into] = moduleDims(config, path);
    return sum + rank * (out + into);
  }, 0);
  const attention = 6 * config.layers * config.heads * config.headSize * length;
  return batch * length * (4 * (parameters - lookup) + 6 * added + attention);
}
