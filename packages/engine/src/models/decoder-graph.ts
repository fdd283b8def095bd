import { invariant } from '@skein/core';
import { swiGlu } from '../graph/elementwise.ts';
import { type Graph, GraphBuilder, type Initializer, type Value } from '../graph/graph.ts';
import { gatherRows, rawLayout } from '../graph/layout.ts';
import { linear, rawGemm } from '../graph/linear.ts';
import type { StackedMatrix } from '../graph/stacked-matrix.ts';
import type { ModelConfig } from './model-config.ts';
import { type Stack, stackPath, stacksOf, type StackName } from './stacks.ts';
import { EMBEDDING, FINAL_NORM, HEAD_PATH } from './weight-names.ts';

export interface DecoderSpec {
  readonly config: ModelConfig;
  readonly weights: ReadonlyMap<string, Initializer>;
  /** Products in few bits by their stack's path; float32 where there are none. */
  readonly stacks: ReadonlyMap<string, StackedMatrix> | undefined;
  /** Paths of stacks with a low-rank pair of any rank as inputs: A [r, in], B [Σout, r], scale included. */
  readonly adapted: ReadonlySet<string>;
  /** Whether it is for many tokens at once that only go into the cache: then there are no logits. */
  readonly onlyFills?: boolean;
}

/** Names of the low-rank inputs of a stack. */
export function stackInputNames(path: string): { a: string; b: string } {
  return { a: `${path}.lora_A`, b: `${path}.lora_B` };
}

/**
 * The graph that reads tokens into a cache in place, by operators of ONNX Runtime's own; any number of rows (batch) and
 * new tokens. Inputs: ids [batch, new]; ends [batch], each row's positions with the new ones less 1, and their
 * largest + 1 as total []; picked [n], which of the batch·new tokens have logits; cos, sin [positions, headSize/2];
 * past.<layer>.{key,value} [batch, kvHeads, capacity, headSize]. Outputs: logits [n, V], present.<layer>.{key,value}.
 * One that only fills lacks logits and whatever they alone need.
 */
export function buildDecoder(spec: DecoderSpec): Graph {
  return new DecoderBuilder(spec).build();
}

class DecoderBuilder {
  readonly #g = new GraphBuilder();
  readonly #spec: DecoderSpec;
  readonly #stacks: ReadonlyMap<string, Stack>;
  readonly #known = new Map<string, Value>();

  constructor(spec: DecoderSpec) {
    this.#spec = spec;
    this.#stacks = stacksOf(spec.config);
  }

  build(): Graph {
    const g = this.#g;
    const { config } = this.#spec;
    const ids = g.input('ids', ['batch', 'new'], 'int32');
    let x = gatherRows(g, this.#initializer(EMBEDDING), rawLayout.reshape(g, ids, ['rows']));
    x = this.#widened(x);
    let update: Value | undefined;
    // The sum of x and what the layer before adds is made together with the norm.
    const norm = (name: string): Value => {
      const weight = this.#weight(name);
      const attributes = { epsilon: { float: config.normEpsilon } };
      if (!update) {
        const first = { dims: x.dims, attributes: { ...attributes, axis: -1, stash_type: 1 } };
        return g.apply('SimplifiedLayerNormalization', [x, weight], first);
      }
      const [normed, , , sum] = g.applyMany('SkipSimplifiedLayerNormalization', [x, update, weight], {
        dims: [x.dims, [], [], x.dims],
        names: [undefined, '', '', undefined],
        attributes,
      });
      invariant(normed && sum, 'a norm has results');
      x = sum;
      return normed;
    };
    for (let layer = 0; layer < config.layers; layer++) {
      const prefix = `model.layers.${layer}.`;
      const attended = this.#attention(layer, norm(`${prefix}input_layernorm.weight`), ids);
      update = this.#one(layer, 'self_attn.o_proj', attended);
      const middle = norm(`${prefix}post_attention_layernorm.weight`);
      const [gate, up] = this.#products(stackPath(layer, 'mlp.gate_up_proj'), middle);
      invariant(gate && up, 'a gate and its values');
      update = this.#one(layer, 'mlp.down_proj', swiGlu(g, gate, up));
    }
    if (this.#spec.onlyFills) return g.build();
    const picked = g.input('picked', ['count'], 'int32');
    const [logits] = this.#products(HEAD_PATH, gatherRows(g, norm(FINAL_NORM), picked));
    invariant(logits, 'a head has logits');
    g.output('logits', logits);
    return g.build();
  }

  #attention(layer: number, x: Value, ids: Value): Value {
    const g = this.#g;
    const { heads, kvHeads, headSize, headNorms, normEpsilon } = this.#spec.config;
    const parts = this.#products(stackPath(layer, 'self_attn.qkv_proj'), x);
    const normed = ['q_norm', 'k_norm'].map((name, i) => {
      const part = parts[i] as Value;
      if (!headNorms) return part;
      const perHead = rawLayout.reshape(g, part, ['heads', headSize]);
      const weight = this.#weight(`model.layers.${layer}.self_attn.${name}.weight`);
      const attributes = { axis: -1, epsilon: { float: normEpsilon }, stash_type: 1 };
      const even = g.apply('SimplifiedLayerNormalization', [perHead, weight], { dims: perHead.dims, attributes });
      return rawLayout.reshape(g, even, part.dims);
    });
    const [q, k, v] = [...normed, parts[2] as Value].map((part) => this.#perRow(part, ids));
    const cache = ['key', 'value'].map((kind) =>
      g.input(`past.${layer}.${kind}`, ['batch', kvHeads, 'capacity', headSize]),
    );
    const ends = this.#once('ends', () => g.input('ends', ['batch'], 'int32'));
    const total = this.#once('total', () => g.input('total', [], 'int32'));
    const angles = ['cos', 'sin'].map((name) => this.#once(name, () => g.input(name, ['positions', headSize / 2])));
    const [past, present] = [cache, cache.map(({ dims }) => dims)] as const;
    const [mixed] = g.applyMany(
      'GroupQueryAttention',
      [q as Value, k as Value, v as Value, ...past, ends, total, ...angles],
      {
        dims: [['batch', 'new', heads * headSize], ...present],
        names: [undefined, `present.${layer}.key`, `present.${layer}.value`],
        attributes: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1 },
      },
    );
    return rawLayout.reshape(g, mixed as Value, ['rows', heads * headSize]);
  }

  /** [rows, width] as [batch, new, width]. */
  #perRow(x: Value, ids: Value): Value {
    const g = this.#g;
    const width = x.dims[1] as number;
    const shape = this.#once(`shape.${width}`, () => {
      const outer = this.#once('shape', () => g.apply('Shape', [ids], { dims: [2], type: 'int64' }));
      const parts = [outer, g.integers([width])];
      return g.apply('Concat', parts, { dims: [3], type: 'int64', attributes: { axis: 0 } });
    });
    return g.apply('Reshape', [x, shape], { dims: ['batch', 'new', width] });
  }

  #one(layer: number, name: StackName, x: Value): Value {
    const [product] = this.#products(stackPath(layer, name), x);
    invariant(product, 'a stack has a product');
    return product;
  }

  /** The product with each linear of a stack. */
  #products(path: string, x: Value): readonly Value[] {
    const g = this.#g;
    const { outs, into, modules } = this.#stacks.get(path) as Stack;
    const total = outs.reduce((sum, out) => sum + out, 0);
    const adapted = this.#spec.adapted.has(path);
    const matrix = this.#spec.stacks?.get(path);
    if (!matrix && !adapted) return modules.map((module) => this.#floatProduct(module, x));
    const few = this.#spec.onlyFills && matrix?.productOfMany ? matrix.productOfMany(g, x) : matrix?.product(g, x);
    let product =
      few ??
      this.#joined(
        modules.map((module) => this.#floatProduct(module, x)),
        total,
      );
    if (adapted) {
      const names = stackInputNames(path);
      const [a, b] = [g.input(names.a, [`${path}.rank`, into]), g.input(names.b, [total, `${path}.rank`])];
      product = rawGemm(g, [rawGemm(g, [x, a], { transposeB: true }), b, product], { transposeB: true });
    }
    if (outs.length === 1) return [product];
    const dims = outs.map((out) => [x.dims[0] ?? 0, out]);
    return g.applyMany('Split', [product, g.integers(outs)], { dims, attributes: { axis: 1 } });
  }

  #joined(parts: readonly Value[], total: number): Value {
    return rawLayout.concat(this.#g, parts, 1, total);
  }

  #floatProduct(module: string, x: Value): Value {
    const { config, weights } = this.#spec;
    const name = module === HEAD_PATH && config.tiedEmbeddings ? EMBEDDING : `${module}.weight`;
    const bias = weights.has(`${module}.bias`) ? this.#weight(`${module}.bias`) : undefined;
    return linear(this.#g, x, this.#weight(name), bias);
  }

  #weight(name: string): Value {
    return this.#once(`float.${name}`, () => this.#widened(this.#initializer(name)));
  }

  /** 16-bit weights stay as they are in memory and are widened where they are used. */
  #widened(value: Value): Value {
    if (value.type === 'float32') return value;
    return this.#g.apply('Cast', [value], { dims: value.dims, attributes: { to: 1 } });
  }

  #initializer(name: string): Value {
    return this.#once(name, () => {
      const initializer = this.#spec.weights.get(name);
      invariant(initializer, `the weight ${name} was not loaded`);
      return this.#g.initializer(initializer);
    });
  }

  #once(name: string, make: () => Value): Value {
    const value = this.#known.get(name) ?? make();
    this.#known.set(name, value);
    return value;
  }
}
