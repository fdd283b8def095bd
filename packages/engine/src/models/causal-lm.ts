import { invariant } from '@skein/core';
import { cachedAttention, causalAttention } from '../graph/attention.ts';
import { compactRmsNorm, compactSwiGlu } from '../graph/compact.ts';
import { crossEntropy } from '../graph/cross-entropy.ts';
import { add, swiGlu } from '../graph/elementwise.ts';
import { type Dim, type Graph, GraphBuilder, type Initializer, type Value } from '../graph/graph.ts';
import { gatherRows, rawLayout, reshape, transpose } from '../graph/layout.ts';
import {
  adaptedLinear,
  type FrozenMatrix,
  linear,
  type LowRank,
  lowRankInner,
  rawGemm,
  rmsNorm,
} from '../graph/linear.ts';
import { adaptedQuantizedLinear, quantizedLinear } from '../graph/quantized-linear.ts';
import { checkpointed, widenedAfter } from '../graph/recompute.ts';
import { stripedCrossEntropy } from '../graph/striped-cross-entropy.ts';
import { type StripedLinear, stripedFeedForward } from '../graph/striped-feed-forward.ts';
import { type RotaryAngles, rotary } from '../graph/rotary.ts';
import type { ModelConfig } from './model-config.ts';
import {
  EMBEDDING,
  FINAL_NORM,
  HEAD,
  HEAD_PATH,
  hasBias,
  type LinearName,
  linearPath,
  moduleDims,
} from './weight-names.ts';

/** Rank, scale and dropout of the adapter on one linear, by the linear's module path. */
export interface AdapterModule {
  readonly path: string;
  readonly rank: number;
  readonly scale: number;
}

export interface CausalLmSpec {
  readonly config: ModelConfig;
  /**
   * Frozen weights by name; every name of `weightShapes` that is not in `trainable`. An adapter's A that stands here
   * is frozen too and has no gradient (FFA-LoRA, Sun et al. 2024, arXiv:2403.12313).
   */
  readonly weights: ReadonlyMap<string, Initializer>;
  /** Weights given as inputs and trained, with their shapes: all of them in full fine-tuning. */
  readonly trainable: ReadonlyMap<string, readonly number[]>;
  readonly adapter: readonly AdapterModule[];
  /** Weights whose products are made in few bits, by name; the head's in stripes, by `stripeName`. */
  readonly quantized?: ReadonlyMap<string, FrozenMatrix>;
}

export type CausalLmTask =
  /** `loss` and, where `gradients`, `gradient.<parameter>` for a fixed shape. */
  | {
      readonly kind: 'loss';
      readonly batch: number;
      readonly length: number;
      readonly gradients: boolean;
      readonly dropout: number;
      /** Rows whose logits are made, which the input `labelled` names; all of them where absent. */
      readonly labelled?: number;
      /** Keep only the inputs of layers for the reverse pass, which runs each layer again. */
      readonly recompute?: boolean;
    }
  /** `logits` [batch·length, V] for a fixed shape. */
  | { readonly kind: 'logits'; readonly batch: number; readonly length: number }
  /** `logits` [batch, V] of each row's last new token, and `present.<layer>.{key,value}`, for any lengths. */
  | { readonly kind: 'generate'; readonly batch: number };

/** Name of the LoRA input of a module; PEFT's own names without their prefix. */
export function adapterInputNames(path: string): { a: string; b: string } {
  return { a: `${path}.lora_A.weight`, b: `${path}.lora_B.weight` };
}

/** Writes the graph of a decoder for one task. Inputs are described at `describeInputs` below. */
export function buildCausalLm(spec: CausalLmSpec, task: CausalLmTask): Graph {
  return new CausalLmBuilder(spec, task).build();
}

/** What the layers have in common. */
interface Shape {
  readonly rows: Dim;
  readonly length: Dim;
  readonly angles: RotaryAngles;
}

class CausalLmBuilder {
  readonly #g = new GraphBuilder();
  readonly #spec: CausalLmSpec;
  readonly #task: CausalLmTask;
  readonly #parameters = new Map<string, Value>();
  readonly #frozen = new Map<string, Value>();
  readonly #adapters: ReadonlyMap<string, AdapterModule>;
  readonly #quantized: CausalLmSpec['quantized'];
  /** The input of the layer that is being built, where it is built twice. */
  #recomputedFrom: Value | undefined;

  constructor(spec: CausalLmSpec, task: CausalLmTask) {
    this.#spec = spec;
    this.#task = task;
    // Products of few bits need to know how many rows there are.
    this.#quantized = task.kind === 'generate' ? undefined : spec.quantized;
    this.#adapters = new Map(spec.adapter.map((module) => [module.path, module]));
  }

  build(): Graph {
    const { config } = this.#spec;
    const g = this.#g;
    const length: Dim = this.#task.kind === 'generate' ? 'new' : this.#task.length;
    const rows: Dim = typeof length === 'string' ? 'rows' : this.#task.batch * length;
    const ids = g.input('ids', [rows], 'int32');
    const angleDims = [this.#task.batch, 1, length, config.headSize];
    const angles = { cos: g.input('cos', angleDims), sin: g.input('sin', angleDims) };
    let x = this.#spec.trainable.has(EMBEDDING)
      ? gatherRows(g, this.#weight(EMBEDDING), ids)
      : rawLayout.takeRows(g, this.#stored(EMBEDDING), ids);
    const shape = { rows, length, angles };
    for (let layer = 0; layer < config.layers; layer++) {
      x = this.#recompute
        ? checkpointed(g, x, (from) => this.#recomputedLayer(layer, from, shape))
        : this.#layer(layer, x, shape);
    }
    const counted = this.#labelledRows(x);
    const hidden = rmsNorm(g, counted, this.#weight(FINAL_NORM), config.normEpsilon);
    this.#finish(hidden, config.tiedEmbeddings ? EMBEDDING : HEAD);
    return g.build();
  }

  #labelledRows(x: Value): Value {
    const [rows] = x.dims;
    if (this.#task.kind !== 'loss' || this.#task.labelled === undefined || this.#task.labelled === rows) return x;
    return gatherRows(this.#g, x, this.#g.input('labelled', [this.#task.labelled], 'int32'));
  }

  get #recompute(): boolean {
    return this.#task.kind === 'loss' && this.#task.gradients && this.#task.recompute === true;
  }

  #recomputedLayer(layer: number, from: Value, shape: Shape): Value {
    this.#recomputedFrom = from;
    const x = this.#layer(layer, from, shape);
    this.#recomputedFrom = undefined;
    return x;
  }

  #layer(layer: number, x: Value, shape: Shape): Value {
    const g = this.#g;
    const { normEpsilon } = this.#spec.config;
    // With few bits, what is cheap to make again is not kept: time went down, so memory is what limits.
    const [norm, activation] =
      this.#quantized && !this.#recompute ? [compactRmsNorm, compactSwiGlu] : [rmsNorm, swiGlu];
    const prefix = `model.layers.${layer}.`;
    const normed = norm(g, x, this.#weight(`${prefix}input_layernorm.weight`), normEpsilon);
    const attended = add(g, x, this.#attention(layer, normed, shape));
    const middle = norm(g, attended, this.#weight(`${prefix}post_attention_layernorm.weight`), normEpsilon);
    const striped = this.#stripedFeedForward(layer, middle);
    if (striped) return add(g, attended, striped);
    const active = activation(g, this.#linear(layer, 'gate_proj', middle), this.#linear(layer, 'up_proj', middle));
    return add(g, attended, this.#linear(layer, 'down_proj', active));
  }

  /** The feed-forward block of a layer where its products are made in stripes. */
  #stripedFeedForward(layer: number, x: Value): Value | undefined {
    const widths = this.#stripesOf(`${linearPath(layer, 'gate_proj')}.weight`).map(({ out }) => out);
    if (widths.length === 0) return undefined;
    const inner = [x.dims[0] ?? 0, this.#spec.config.intermediateSize];
    const stripedLinear = (name: LinearName, dims: readonly Dim[]): StripedLinear => {
      const path = linearPath(layer, name);
      const bias = hasBias(this.#spec.config, name) ? this.#weight(`${path}.bias`) : undefined;
      return { stripes: this.#stripesOf(`${path}.weight`), bias, lowRank: this.#lowRank(path, dims) };
    };
    const [gate, up, down] = [
      stripedLinear('gate_proj', x.dims),
      stripedLinear('up_proj', x.dims),
      stripedLinear('down_proj', inner),
    ];
    return stripedFeedForward(this.#g, x, { gate, up, down, widths });
  }

  /** Products with the stripes of a weight, in their order. */
  #stripesOf(name: string): readonly FrozenMatrix[] {
    return [...(this.#quantized ?? [])].filter(([key]) => key.startsWith(`${name}.`)).map(([, stripe]) => stripe);
  }

  #finish(hidden: Value, headName: string): void {
    const g = this.#g;
    const [rows = 0] = hidden.dims;
    if (this.#task.kind === 'logits') {
      g.output('logits', this.#logits(hidden, headName));
      return;
    }
    if (this.#task.kind === 'generate') {
      const last = g.input('last', [this.#task.batch], 'int32');
      g.output('logits', this.#logits(gatherRows(g, hidden, last), headName));
      return;
    }
    const targets = g.input('targets', [rows], 'int32');
    const weights = g.input('weights', [rows, 1]);
    const stripes = this.#quantizedHead();
    const lowRank = this.#lowRank(HEAD_PATH, hidden.dims);
    const adapter = lowRank && { inner: lowRankInner(g, hidden, lowRank), b: lowRank.b };
    const loss =
      stripes.length > 0 && !adapter
        ? stripedCrossEntropy(g, { hidden, head: this.#stored(headName), targets, weights, stripes })
        : crossEntropy(g, { hidden, head: this.#weight(headName), targets, weights, adapter });
    g.output('loss', loss);
    if (!this.#task.gradients) return;
    const wanted = [...this.#parameters];
    const gradients = g.backward(
      loss,
      wanted.map(([, value]) => value),
    );
    gradients.forEach((gradient, i) => {
      g.output(`gradient.${wanted[i]?.[0]}`, gradient);
    });
  }

  #logits(hidden: Value, headName: string): Value {
    const g = this.#g;
    const parts = this.#quantizedHead().map((stripe) => stripe.forward(g, hidden));
    const base =
      parts.length > 0
        ? rawLayout.concat(g, parts, 1, this.#spec.config.vocabularySize)
        : rawGemm(g, [hidden, this.#weight(headName)], { transposeB: true });
    const lowRank = this.#lowRank(HEAD_PATH, hidden.dims);
    return lowRank ? rawGemm(g, [lowRankInner(g, hidden, lowRank), lowRank.b, base], { transposeB: true }) : base;
  }

  #quantizedHead(): readonly FrozenMatrix[] {
    return this.#stripesOf(this.#spec.config.tiedEmbeddings ? EMBEDDING : HEAD);
  }

  #attention(layer: number, x: Value, shape: Shape): Value {
    const g = this.#g;
    const { config } = this.#spec;
    const { heads, kvHeads, headSize } = config;
    const batch = this.#task.batch;
    const split = (name: LinearName, count: number, norm: string) => {
      const flat = this.#linear(layer, name, x);
      const perHead = reshape(g, flat, [batch, shape.length, count, headSize]);
      const normed =
        config.headNorms && norm
          ? rmsNorm(g, perHead, this.#weight(`model.layers.${layer}.self_attn.${norm}.weight`), config.normEpsilon)
          : perHead;
      return transpose(g, normed, [0, 2, 1, 3]);
    };
    const q = rotary(g, split('q_proj', heads, 'q_norm'), shape.angles);
    const k = rotary(g, split('k_proj', kvHeads, 'k_norm'), shape.angles);
    const v = split('v_proj', kvHeads, '');
    const mixed =
      this.#task.kind === 'generate' ? this.#attendToCache(layer, { q, k, v }) : this.#attendWithin({ q, k, v });
    const joined = reshape(g, transpose(g, mixed, [0, 2, 1, 3]), [shape.rows, heads * headSize]);
    return this.#linear(layer, 'o_proj', joined);
  }

  #attendWithin({ q, k, v }: { q: Value; k: Value; v: Value }): Value {
    invariant(this.#task.kind !== 'generate', 'attention within a batch needs its length');
    const segments = this.#once('segments', () =>
      this.#g.input('segments', [this.#task.batch, (this.#task as { length: number }).length], 'int32'),
    );
    return causalAttention(this.#g, { q, k, v, segments });
  }

  #attendToCache(layer: number, { q, k, v }: { q: Value; k: Value; v: Value }): Value {
    const g = this.#g;
    const { kvHeads, headSize } = this.#spec.config;
    const batch = this.#task.batch;
    const extend = (kind: 'key' | 'value', fresh: Value) => {
      const past = g.input(`past.${layer}.${kind}`, [batch, kvHeads, 'past', headSize]);
      const all = rawLayout.concat(g, [past, fresh], 2, 'total');
      g.output(`present.${layer}.${kind}`, all);
      return all;
    };
    const bias = this.#once('bias', () => g.input('bias', [batch, 1, 'new', 'total']));
    return cachedAttention(g, { q, k: extend('key', k), v: extend('value', v), bias });
  }

  #linear(layer: number, name: LinearName, x: Value): Value {
    const g = this.#g;
    const path = linearPath(layer, name);
    const bias = hasBias(this.#spec.config, name) ? this.#weight(`${path}.bias`) : undefined;
    const matrix = this.#quantized?.get(`${path}.weight`);
    const lowRank = this.#lowRank(path, x.dims);
    if (matrix) {
      const quantized = { matrix, bias };
      return lowRank ? adaptedQuantizedLinear(g, x, quantized, lowRank) : quantizedLinear(g, x, quantized);
    }
    const weight = this.#weight(`${path}.weight`);
    return lowRank ? adaptedLinear(g, x, { weight, bias }, lowRank) : linear(g, x, weight, bias);
  }

  /** @param dims of the linear's input */
  #lowRank(path: string, dims: readonly Dim[]): LowRank | undefined {
    const module = this.#adapters.get(path);
    if (!module) return undefined;
    const [out, into] = moduleDims(this.#spec.config, path);
    const names = adapterInputNames(path);
    const frozen = this.#spec.weights.has(names.a);
    const a = frozen ? this.#weight(names.a) : this.#parameter(names.a, [module.rank, into]);
    const b = this.#parameter(names.b, [out, module.rank]);
    const probability = this.#task.kind === 'loss' && this.#task.gradients ? this.#task.dropout : 0;
    const keep =
      probability > 0 ? this.#once(`keep.${path}`, () => this.#g.input(`keep.${path}`, dims, 'bool')) : undefined;
    return {
      a,
      b,
      scale: module.scale,
      ...(keep && { dropout: { keep, probability } }),
    };
  }

  #weight(name: string): Value {
    const trainable = this.#spec.trainable.get(name);
    if (trainable) return this.#parameter(name, trainable);
    const stored = this.#stored(name);
    if (stored.type === 'float32') return stored;
    // 16-bit weights stay as they are in memory and are widened where they are used.
    const from = this.#recomputedFrom;
    if (from) return this.#once(`${name} after ${from.name}`, () => widenedAfter(this.#g, stored, from));
    return this.#once(name, () => this.#g.apply('Cast', [stored], { dims: stored.dims, attributes: { to: 1 } }));
  }

  /** A frozen weight as it lies in its file. */
  #stored(name: string): Value {
    return this.#once(`stored.${name}`, () => {
      const initializer = this.#spec.weights.get(name);
      invariant(initializer, `the weight ${name} was not loaded`);
      return this.#g.initializer(initializer);
    });
  }

  #parameter(name: string, dims: readonly number[]): Value {
    const known = this.#parameters.get(name);
    if (known) return known;
    const differentiable = this.#task.kind === 'loss' && this.#task.gradients;
    const value = this.#g.input(name, dims, 'float32', differentiable);
    this.#parameters.set(name, value);
    return value;
  }

  #once(name: string, make: () => Value): Value {
    const value = this.#frozen.get(name) ?? make();
    this.#frozen.set(name, value);
    return value;
  }
}
