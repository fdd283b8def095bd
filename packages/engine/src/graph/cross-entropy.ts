import { invariant } from '@skein/core';
import { raw } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';
import { rawGemm } from './linear.ts';
import { oneAfter } from './recompute.ts';

/** Largest block of logits held at once; at Qwen's vocabulary this is about 220 rows. */
export const CHUNK_ELEMENTS = 1 << 25;

interface CrossEntropyInputs {
  readonly hidden: Value;
  readonly head: Value;
  readonly targets: Value;
  readonly weights: Value;
  readonly chunkElements?: number;
  /** A LoRA pair on the head: its inner values [M, r] (`lowRankInner`) and its B [V, r]. */
  readonly adapter?: { readonly inner: Value; readonly b: Value } | undefined;
}

/**
 * Σ weightᵢ · −log softmax(hᵢ·Eᵀ + innerᵢ·Bᵀ)[targetᵢ], in chunks of rows so that the logits of a large vocabulary are
 * never held at once. The derivative is written as softmax·E − E[target], without a scatter.
 * @param hidden [M, H]  @param head [V, H]  @param targets [M] int32, any valid id where the weight is 0
 * @param weights [M, 1]
 * @param chunkElements largest block of logits, in elements; a chunk has at least one row
 * @returns a scalar, in nats
 */
export function crossEntropy(
  g: GraphBuilder,
  { hidden, head, targets, weights, chunkElements = CHUNK_ELEMENTS, adapter }: CrossEntropyInputs,
): Value {
  const [M, H] = hidden.dims.map(Number) as [number, number];
  const V = Number(head.dims[0]);
  // Of equal size: products of few rows are slower by the row.
  const chunkCount = Math.ceil(M / Math.max(1, Math.floor(chunkElements / V)));
  const rowsPerChunk = Math.ceil(M / chunkCount);
  const chunks = Array.from({ length: Math.ceil(M / rowsPerChunk) }, (_, i) => {
    const range = { axis: 0, start: i * rowsPerChunk, end: Math.min(M, (i + 1) * rowsPerChunk) };
    const part = (x: Value) => (range.end - range.start === M ? x : rawLayout.slice(g, x, range));
    const lowRank = adapter && { inner: part(adapter.inner), b: adapter.b };
    const rows = { hidden: part(hidden), targets: part(targets), weights: part(weights) };
    return chunkLoss(g, { ...rows, head, adapter: lowRank });
  });
  const [first, ...rest] = chunks.map(({ loss }) => loss);
  invariant(first, 'cross-entropy of no rows');
  const loss = rest.reduce((sum, part) => g.apply('Add', [sum, part], { dims: [] }), first);
  const joined = (parts: Value[]) => rawLayout.concat(g, parts, 0, M);
  const inputs = adapter ? [hidden, head, adapter.inner, adapter.b] : [hidden, head];
  return g.differentiate(loss, inputs, (dy) => {
    const dHidden = joined(chunks.map((chunk) => chunk.dHidden));
    const dHead = head.differentiable
      ? chunks.map((chunk) => chunk.dHead()).reduce((sum, part) => raw.add(g, sum, part))
      : undefined;
    invariant(Number(dHidden.dims[1]) === H, 'gradient of the hidden states');
    const gradients = [raw.mul(g, dHidden, dy), dHead && raw.mul(g, dHead, dy)];
    const pairs = chunks.flatMap(({ adapter: pair }) => pair ?? []);
    if (pairs.length === 0) return gradients;
    const dB = pairs.map((pair) => pair.dB).reduce((sum, part) => raw.add(g, sum, part));
    return [...gradients, raw.mul(g, joined(pairs.map((pair) => pair.dInner)), dy), raw.mul(g, dB, dy)];
  });
}

function chunkLoss(
  g: GraphBuilder,
  { hidden, head, targets, weights, adapter }: Omit<CrossEntropyInputs, 'chunkElements'>,
) {
  const rows = Number(hidden.dims[0]);
  const base = rawGemm(g, [hidden, head], { transposeB: true });
  const logits = adapter ? rawGemm(g, [adapter.inner, adapter.b, base], { transposeB: true }) : base;
  const probabilities = g.apply('Softmax', [logits], { dims: logits.dims, attributes: { axis: -1 } });
  const index = rawLayout.reshape(g, targets, [rows, 1]);
  const targetLogit = g.apply('GatherElements', [logits, index], { dims: [rows, 1], attributes: { axis: 1 } });
  // log Σ exp = max logit − log(max probability): exact where the target's own probability would underflow.
  const logNormalizer = raw.sub(
    g,
    raw.reduceMax(g, logits, [1]),
    raw.unary(g, 'Log', raw.reduceMax(g, probabilities, [1])),
  );
  const weighted = raw.mul(g, raw.sub(g, logNormalizer, targetLogit), weights);
  const loss = g.apply('ReduceSum', [weighted, g.integers([0, 1])], { dims: [], attributes: { keepdims: 0 } });
  // A chunk's loss is made before its gradient: made last, as an output, it would hold the logits of every chunk.
  const counted = raw.mul(g, weights, oneAfter(g, weighted));
  /** diag(weights)·(softmax − onehot)·matrix */
  const pulledBack = (matrix: Value) => {
    const product = rawGemm(g, [probabilities, matrix]);
    const taken = g.apply('Gather', [matrix, targets], { dims: product.dims, attributes: { axis: 0 } });
    return raw.mul(g, raw.sub(g, product, taken), counted);
  };
  // Written here and not in the rule, so that it stands beside its chunk and the chunk's probabilities can be freed.
  const dHidden = pulledBack(head);
  const lowRank = adapter && {
    dInner: pulledBack(adapter.b),
    dB: outerProducts(g, { probabilities, targets, factors: raw.mul(g, adapter.inner, counted) }),
  };
  /** (softmax − onehot)ᵀ·diag(weights)·hidden */
  const dHead = () => {
    const vocabulary = Number(head.dims[0]);
    const ids = g.apply('Cast', [targets], { dims: targets.dims, type: 'int64', attributes: { to: 7 } });
    const updates = rawLayout.reshape(g, raw.unary(g, 'Neg', weights), [rows, 1]);
    const at = g.apply('Unsqueeze', [ids, g.integers([1])], { dims: [rows, 1], type: 'int64' });
    const dLogits = raw.mul(g, probabilities, weights);
    const scattered = g.apply('ScatterElements', [dLogits, at, updates], {
      dims: [rows, vocabulary],
      attributes: { axis: 1, reduction: 'add' },
    });
    return rawGemm(g, [scattered, hidden], { transposeA: true });
  };
  return { loss, dHidden, dHead, adapter: lowRank };
}

/** (softmax − onehot)ᵀ·factors [V, r], of factors [M, r] */
function outerProducts(
  g: GraphBuilder,
  { probabilities, targets, factors }: { probabilities: Value; targets: Value; factors: Value },
): Value {
  const expected = rawGemm(g, [probabilities, factors], { transposeA: true });
  return rawLayout.addRows(g, expected, targets, raw.unary(g, 'Neg', factors));
}
