import { raw } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';
import type { FrozenMatrix } from './linear.ts';

/** A logit that must not count: far below any other, and finite. */
const MASKED = -1e30;

/** Rows whose logits are made at once; more are no faster by the row. */
const CHUNK_ROWS = 2048;

interface StripedCrossEntropyInputs {
  readonly hidden: Value;
  readonly head: Value;
  readonly targets: Value;
  readonly weights: Value;
  /** Rows of the head in their order, each with products of its own. */
  readonly stripes: readonly FrozenMatrix[];
}

/**
 * `crossEntropy` with a frozen head, holding the logits of one stripe of the vocabulary at a time: softmax and its
 * product with the head are made in each and put together by the stripes' sums (Milakov & Gimelshein 2018,
 * arXiv:1805.02867). The target's own logit is kept apart and its share of the gradient is exact: where a token is
 * nearly certain, rounding would be larger than the gradient.
 */
export function stripedCrossEntropy(g: GraphBuilder, inputs: StripedCrossEntropyInputs): Value {
  const { hidden, targets, weights } = inputs;
  const M = Number(hidden.dims[0]);
  const chunks: { loss: Value; dHidden: Value }[] = [];
  for (let start = 0; start < M; start += CHUNK_ROWS) {
    const end = Math.min(M, start + CHUNK_ROWS);
    const part = (x: Value) => (end - start === M ? x : rawLayout.slice(g, x, { axis: 0, start, end }));
    const rows = { hidden: part(hidden), targets: part(targets), weights: part(weights) };
    chunks.push(chunkLoss(g, { ...inputs, ...rows }, chunks.at(-1)?.dHidden));
  }
  const loss = chunks.map((chunk) => chunk.loss).reduce((sum, part) => g.apply('Add', [sum, part], { dims: [] }));
  const dHidden = () =>
    rawLayout.concat(
      g,
      chunks.map((chunk) => chunk.dHidden),
      0,
      M,
    );
  return g.differentiate(loss, [hidden], (dy) => [raw.mul(g, dHidden(), dy)]);
}

function chunkLoss(
  g: GraphBuilder,
  { hidden, head, targets, weights, stripes }: StripedCrossEntropyInputs,
  after: Value | undefined,
): { readonly loss: Value; readonly dHidden: Value } {
  const rows = Number(hidden.dims[0]);
  const wide = g.apply('Cast', [targets], { dims: targets.dims, type: 'int64', attributes: { to: 7 } });
  const target = rawLayout.reshape(g, wide, [rows, 1]);
  const logSums: Value[] = [];
  const products: Value[] = [];
  const targetLogits: Value[] = [];
  let start = 0;
  let done = after;
  for (const stripe of stripes) {
    const logits = stripe.forward(g, hidden, done);
    const split = withoutTarget(g, logits, target, start);
    targetLogits.push(split.targetLogit);
    const probabilities = g.apply('Softmax', [split.others], { dims: logits.dims, attributes: { axis: -1 } });
    const largest = raw.reduceMax(g, probabilities, [1]);
    const logSum = raw.sub(g, raw.reduceMax(g, split.others, [1]), raw.unary(g, 'Log', largest));
    const product = stripe.backward(g, probabilities, largest);
    logSums.push(logSum);
    products.push(product);
    // The next stripe waits for all that is made of this one's logits, so that only one stripe's are in memory.
    done = raw.add(g, logSum, rawLayout.slice(g, product, { axis: 1, start: 0, end: 1 }));
    start += stripe.out;
  }
  const targetLogit = targetLogits.reduce((sum, part) => raw.add(g, sum, part));
  const all = rawLayout.concat(g, [...logSums, targetLogit], 1, stripes.length + 1);
  const shares = g.apply('Softmax', [all], { dims: all.dims, attributes: { axis: -1 } });
  // log Σ exp = max − log(max share): exact where the target's own share would underflow.
  const logNormalizer = raw.sub(g, raw.reduceMax(g, all, [1]), raw.unary(g, 'Log', raw.reduceMax(g, shares, [1])));
  const weighted = raw.mul(g, raw.sub(g, logNormalizer, targetLogit), weights);
  const loss = g.apply('ReduceSum', [weighted, g.integers([0, 1])], { dims: [], attributes: { keepdims: 0 } });
  const share = (index: number) => rawLayout.slice(g, shares, { axis: 1, start: index, end: index + 1 });
  const expected = products
    .map((product, index) => raw.mul(g, product, share(index)))
    .reduce((sum, part) => raw.add(g, sum, part));
  const others = raw.reduceSum(g, rawLayout.slice(g, shares, { axis: 1, start: 0, end: stripes.length }), [1]);
  const taken = rawLayout.takeRows(g, head, targets);
  return { loss, dHidden: raw.mul(g, raw.sub(g, expected, raw.mul(g, taken, others)), weights) };
}

/** The logits of a stripe with the target's masked, and the target's, or 0 where it lies in another stripe. */
function withoutTarget(
  g: GraphBuilder,
  ...[logits, target, start]: [logits: Value, target: Value, start: number]
): { readonly others: Value; readonly targetLogit: Value } {
  const { dims } = target;
  const columns = Number(logits.dims[1]);
  const int64 = (operator: string, a: Value, b: number) =>
    g.apply(operator, [a, g.integers([b])], { dims, type: 'int64' });
  const place = int64('Sub', target, start);
  const at = int64('Min', int64('Max', place, 0), columns - 1);
  const inside = g.apply('Equal', [place, at], { dims, type: 'bool' });
  const own = g.apply('GatherElements', [logits, at], { dims, attributes: { axis: 1 } });
  const where = (yes: Value, no: Value) => g.apply('Where', [inside, yes, no], { dims });
  const masked = where(g.scalar(MASKED), own);
  const others = g.apply('ScatterElements', [logits, at, masked], { dims: logits.dims, attributes: { axis: 1 } });
  return { others, targetLogit: where(own, g.scalar(0)) };
}
