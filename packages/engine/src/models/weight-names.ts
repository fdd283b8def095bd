import { invariant } from '@skein/core';
import type { ModelConfig } from './model-config.ts';

/** The linears of a layer, by the names Hugging Face gives them, which PEFT's `target_modules` uses. */
export const LINEARS = {
  q_proj: 'self_attn.q_proj',
  k_proj: 'self_attn.k_proj',
  v_proj: 'self_attn.v_proj',
  o_proj: 'self_attn.o_proj',
  gate_proj: 'mlp.gate_proj',
  up_proj: 'mlp.up_proj',
  down_proj: 'mlp.down_proj',
} as const;

export type LinearName = keyof typeof LINEARS;

export const EMBEDDING = 'model.embed_tokens.weight';
export const FINAL_NORM = 'model.norm.weight';
export const HEAD = 'lm_head.weight';
/** Module path of the output layer, a linear too, whose weight is the embedding's where they are tied. */
export const HEAD_PATH = 'lm_head';

/** The norm whose result a linear takes, if it takes one's. */
export function normBefore(layer: number, name: LinearName): string | undefined {
  switch (name) {
    case 'q_proj':
    case 'k_proj':
    case 'v_proj':
      return `model.layers.${layer}.input_layernorm.weight`;
    case 'gate_proj':
    case 'up_proj':
      return `model.layers.${layer}.post_attention_layernorm.weight`;
    default:
      return undefined;
  }
}

/** Name of some rows of a weight that is too large for whole products; names sort as the rows do. */
export function stripeName(weight: string, index: number): string {
  return `${weight}.${String(index).padStart(4, '0')}`;
}

/** [out, in] of a linear. */
export function linearDims(config: ModelConfig, name: LinearName): [number, number] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headSize } = config;
  switch (name) {
    case 'q_proj':
      return [heads * headSize, hiddenSize];
    case 'k_proj':
    case 'v_proj':
      return [kvHeads * headSize, hiddenSize];
    case 'o_proj':
      return [hiddenSize, heads * headSize];
    case 'gate_proj':
    case 'up_proj':
      return [intermediateSize, hiddenSize];
    case 'down_proj':
      return [hiddenSize, intermediateSize];
  }
}

export function hasBias(config: ModelConfig, name: LinearName): boolean {
  if (name === 'o_proj') return config.outputBias;
  return name.startsWith('gate') || name.startsWith('up') || name.startsWith('down')
    ? config.mlpBias
    : config.attentionBias;
}

/** Module path of a linear, e.g. `model.layers.3.mlp.up_proj`. */
export function linearPath(layer: number, name: LinearName): string {
  return `model.layers.${layer}.${LINEARS[name]}`;
}

/** [out, in] of the linear at a module path. */
export function moduleDims(config: ModelConfig, path: string): [number, number] {
  if (path === HEAD_PATH) return [config.vocabularySize, config.hiddenSize];
  const name = path.slice(path.lastIndexOf('.') + 1);
  invariant(name in LINEARS, `${path} is no linear`);
  return linearDims(config, name as LinearName);
}

/** Every weight that the architecture needs, with its shape, in a fixed order. */
export function weightShapes(config: ModelConfig): Map<string, number[]> {
  const { hiddenSize: H, vocabularySize: V, headSize } = config;
  const shapes = new Map<string, number[]>([[EMBEDDING, [V, H]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}.`;
    shapes.set(`${prefix}input_layernorm.weight`, [H]);
    for (const name of Object.keys(LINEARS) as LinearName[]) {
      const dims = linearDims(config, name);
      shapes.set(`${linearPath(layer, name)}.weight`, dims);
      if (hasBias(config, name)) shapes.set(`${linearPath(layer, name)}.bias`, [dims[0]]);
    }
    if (config.headNorms) {
      shapes.set(`${prefix}self_attn.q_norm.weight`, [headSize]);
      shapes.set(`${prefix}self_attn.k_norm.weight`, [headSize]);
    }
    shapes.set(`${prefix}post_attention_layernorm.weight`, [H]);
  }
  shapes.set(FINAL_NORM, [H]);
  if (!config.tiedEmbeddings) shapes.set(HEAD, [V, H]);
  return shapes;
}
