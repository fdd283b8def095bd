import { invariant } from '@skein/core';
import { raw } from './elementwise.ts';
import type { Dim, GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';

/** Added to scores that must not count. Far below any score, far above −∞, so that a row of nothing but these stays finite. */
const MASKED = -1e30;

/** Rows of queries handled together: keys after the block are never multiplied, which halves the work at long lengths. */
const QUERY_BLOCK = 128;

interface Block {
  readonly query: Value;
  readonly keyT: Value;
  readonly value: Value;
  readonly probabilities: Value;
  readonly result: Value;
  readonly start: number;
  readonly end: number;
}

/**
 * Causal attention among tokens of one segment, for grouped query heads (Ainslie et al. 2023, arXiv:2305.13245).
 * @param q [B, heads, T, D]  @param k, v [B, kvHeads, T, D]
 * @param segments [B, T] int32; equal numbers may see each other.
 * @returns [B, heads, T, D]
 */
export function causalAttention(
  g: GraphBuilder,
  { q, k, v, segments }: { q: Value; k: Value; v: Value; segments: Value },
): Value {
  const [B, heads, T, D] = q.dims.map(Number) as [number, number, number, number];
  const kvHeads = Number(k.dims[1]);
  const group = heads / kvHeads;
  invariant(Number.isInteger(group), `${heads} query heads do not divide among ${kvHeads}`);
  const grouped = rawLayout.reshape(g, raw.mul(g, q, g.scalar(1 / Math.sqrt(D))), [B, kvHeads, group, T, D]);
  const kT = rawLayout.transpose(g, k, [0, 1, 3, 2]);
  const blocks: Block[] = [];
  for (let start = 0; start < T; start += QUERY_BLOCK) {
    const end = Math.min(T, start + QUERY_BLOCK);
    const rows = end - start;
    const query = rawLayout.reshape(g, sliceAll(g, grouped, 3, start, end), [B, kvHeads, group * rows, D]);
    const keyT = sliceAll(g, kT, 3, 0, end);
    const value = sliceAll(g, v, 2, 0, end);
    const scores = rawLayout.reshape(g, batchMatMul(g, query, keyT), [B, heads, rows, end]);
    const biased = raw.add(g, scores, blockBias(g, segments, start, end));
    const softmax = g.apply('Softmax', [biased], { dims: biased.dims, attributes: { axis: -1 } });
    const probabilities = rawLayout.reshape(g, softmax, [B, kvHeads, group * rows, end]);
    blocks.push({ query, keyT, value, probabilities, result: batchMatMul(g, probabilities, value), start, end });
  }
  const parts = blocks.map(({ result, start, end }) =>
    rawLayout.reshape(g, result, [B, kvHeads, group, end - start, D]),
  );
  const output = rawLayout.reshape(g, rawLayout.concat(g, parts, 3, T), q.dims);
  return g.differentiate(output, [q, k, v], (dy) => attentionDerivative(g, blocks, { dy, k, v, group }));
}

function attentionDerivative(
  g: GraphBuilder,
  blocks: readonly Block[],
  { dy, k, v, group }: { dy: Value; k: Value; v: Value; group: number },
): (Value | undefined)[] {
  const [B, kvHeads, T, D] = k.dims.map(Number) as [number, number, number, number];
  const grouped = rawLayout.reshape(g, dy, [B, kvHeads, group, T, D]);
  const vT = rawLayout.transpose(g, v, [0, 1, 3, 2]);
  const dQueries: Value[] = [];
  let dk: Value | undefined;
  let dv: Value | undefined;
  const accumulate = (sum: Value | undefined, part: Value) => {
    const padded = rawLayout.padEnd(g, part, 2, T);
    return sum ? raw.add(g, sum, padded) : padded;
  };
  // From the last block, which reaches every key, so that only the shorter ones are padded.
  for (const { query, probabilities: p, result, start, end } of blocks.toReversed()) {
    const rows = end - start;
    const dResult = rawLayout.reshape(g, sliceAll(g, grouped, 3, start, end), [B, kvHeads, group * rows, D]);
    dv = accumulate(dv, batchMatMul(g, rawLayout.transpose(g, p, [0, 1, 3, 2]), dResult));
    const dp = batchMatMul(g, dResult, sliceAll(g, vT, 3, 0, end));
    // softmax: dS = P ∘ (dP − rowsum(dP ∘ P)), and rowsum(dP ∘ P) = rowsum(dO ∘ O) (Dao et al. 2022, arXiv:2205.14135).
    const rowSum = raw.reduceSum(g, raw.mul(g, dResult, result), [3]);
    const ds = raw.mul(g, p, raw.sub(g, dp, rowSum));
    dk = accumulate(dk, batchMatMul(g, rawLayout.transpose(g, ds, [0, 1, 3, 2]), query));
    dQueries.unshift(rawLayout.reshape(g, batchMatMul(g, ds, sliceAll(g, k, 2, 0, end)), [B, kvHeads, group, rows, D]));
  }
  const joined = rawLayout.reshape(g, rawLayout.concat(g, dQueries, 3, T), dy.dims);
  return [raw.mul(g, joined, g.scalar(1 / Math.sqrt(D))), dk, dv];
}

/** [B, 1, end−start, end]: 0 where a query may see a key, a large negative number elsewhere. Made once for all layers. */
const biasCache = new WeakMap<GraphBuilder, Map<string, Value>>();

function blockBias(g: GraphBuilder, segments: Value, start: number, end: number): Value {
  const cache = biasCache.get(g) ?? new Map<string, Value>();
  biasCache.set(g, cache);
  const key = `${segments.name}:${start}:${end}`;
  const known = cache.get(key);
  if (known) return known;
  const B = Number(segments.dims[0]);
  const rows = end - start;
  const own = rawLayout.reshape(g, sliceAll(g, segments, 1, start, end), [B, 1, rows, 1]);
  const other = rawLayout.reshape(g, sliceAll(g, segments, 1, 0, end), [B, 1, 1, end]);
  const same = g.apply('Equal', [own, other], { dims: [B, 1, rows, end], type: 'bool' });
  const causal = g.constant(`causal:${start}:${end}`, [1, 1, rows, end], () =>
    Float32Array.from({ length: rows * end }, (_, i) => (i % end <= start + Math.floor(i / end) ? 0 : MASKED)),
  );
  const bias = g.apply('Where', [same, causal, g.scalar(MASKED)], { dims: [B, 1, rows, end] });
  cache.set(key, bias);
  return bias;
}

/**
 * Attention of new tokens on cached and new ones, without derivative, with lengths known only at run time.
 * @param q [B, heads, S, D]  @param k, v [B, kvHeads, P+S, D]  @param bias [B, 1, S, P+S], added to the scores.
 */
export function cachedAttention(
  g: GraphBuilder,
  { q, k, v, bias }: { q: Value; k: Value; v: Value; bias: Value },
): Value {
  const [B, heads, , D] = q.dims as [number, number, Dim, number];
  const kvHeads = Number(k.dims[1]);
  const group = heads / kvHeads;
  const scaled = raw.mul(g, q, g.scalar(1 / Math.sqrt(D)));
  const query = rawLayout.reshape(g, scaled, [B, kvHeads, 'groupedQueries', D]);
  const scores = batchMatMul(g, query, rawLayout.transpose(g, k, [0, 1, 3, 2]));
  const split = g.apply('Reshape', [scores, attentionShape(g, q, k)], { dims: [B, kvHeads, group, 'new', 'total'] });
  const wide = g.apply('Unsqueeze', [bias, g.integers([1])], { dims: [B, 1, 1, 'new', 'total'] });
  const biased = g.apply('Add', [split, wide], { dims: split.dims });
  const softmax = g.apply('Softmax', [biased], { dims: biased.dims, attributes: { axis: -1 } });
  const flat = g.apply('Reshape', [softmax, g.apply('Shape', [scores], { dims: [4], type: 'int64' })], {
    dims: scores.dims,
  });
  return rawLayout.reshape(g, batchMatMul(g, flat, v), q.dims);
}

/** The shape [B, kvHeads, group, S, P+S] as it is only when the graph runs. */
function attentionShape(g: GraphBuilder, q: Value, k: Value): Value {
  const group = Number(q.dims[1]) / Number(k.dims[1]);
  const extent = (value: Value) => {
    const shape = g.apply('Shape', [value], { dims: [4], type: 'int64' });
    return g.apply('Slice', [shape, g.integers([2]), g.integers([3]), g.integers([0])], { dims: [1], type: 'int64' });
  };
  const known = g.integers([Number(q.dims[0]), Number(k.dims[1]), group]);
  return g.apply('Concat', [known, extent(q), extent(k)], { dims: [5], type: 'int64', attributes: { axis: 0 } });
}

function batchMatMul(g: GraphBuilder, a: Value, b: Value): Value {
  const rows = a.dims.at(-2);
  const columns = b.dims.at(-1);
  invariant(rows !== undefined && columns !== undefined, 'matmul needs matrices');
  return g.apply('MatMul', [a, b], { dims: [...a.dims.slice(0, -2), rows, columns] });
}

function sliceAll(g: GraphBuilder, x: Value, axis: number, ...[start, end]: [number, number]): Value {
  return start === 0 && end === x.dims[axis] ? x : rawLayout.slice(g, x, { axis, start, end });
}
