import { invariant } from '@skein/core';
import { add, raw, rawDropout } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { rawLayout, split } from './layout.ts';
import { type FrozenMatrix, linear, type LowRank, lowRankInner, rawGemm } from './linear.ts';
import { swiGluAgain } from './compact.ts';
import { firstOf, oneAfter } from './recompute.ts';

/** A frozen linear in stripes: of its results, or of its inputs where it is the one that joins them. */
export interface StripedLinear {
  readonly stripes: readonly FrozenMatrix[];
  readonly bias: Value | undefined;
  readonly lowRank: LowRank | undefined;
}

/** The linears of a feed-forward block, in stripes of the same inner channels. */
export interface FeedForward {
  readonly gate: StripedLinear;
  readonly up: StripedLinear;
  readonly down: StripedLinear;
  /** Inner channels of each stripe. */
  readonly widths: readonly number[];
}

/** What one stripe takes of a linear. */
interface Part {
  readonly matrix: FrozenMatrix;
  readonly bias: Value | undefined;
  /** scale·dropout(x)·Aᵀ and the stripe's rows of B. */
  readonly adapter: { readonly inner: Value; readonly b: Value } | undefined;
}

interface Stripe {
  readonly gate: Part;
  readonly up: Part;
  readonly down: FrozenMatrix;
  /** The stripe's columns of down's A and of its dropout. */
  readonly lowRank: Pick<LowRank, 'a' | 'scale' | 'dropout'> | undefined;
}

/** The stripe after which another's reverse pass may begin. */
interface Turn {
  last?: Value;
}

/**
 * down(SiLU(gate(x)) · up(x)) with LoRA on each, one stripe of inner channels after the other, both ways: what is made
 * of a stripe stays in the processor's cache, and each has scales of its own. Of a stripe only gate and up are kept for
 * the reverse pass.
 */
export function stripedFeedForward(g: GraphBuilder, x: Value, { gate, up, down, widths }: FeedForward): Value {
  const gates = partsOf(g, x, gate, widths);
  const ups = partsOf(g, x, up, widths);
  const lowRanks = columnsOf(g, down.lowRank, widths);
  const turn: Turn = {};
  let y: Value | undefined;
  let inner: Value | undefined;
  down.stripes.forEach((matrix, i) => {
    const stripe = { gate: gates[i] as Part, up: ups[i] as Part, down: matrix, lowRank: lowRanks[i] };
    const [part, own] = stripeOf(g, x, stripe, turn);
    invariant(part, 'a stripe has a result');
    y = y ? add(g, y, part) : part;
    if (own) inner = inner ? add(g, inner, own) : own;
  });
  invariant(y, 'a feed-forward block has stripes');
  const biased = down.bias ? g.differentiate(raw.add(g, y, down.bias), [y], (dy) => [dy]) : y;
  return down.lowRank && inner ? add(g, biased, linear(g, inner, down.lowRank.b)) : biased;
}

function partsOf(
  g: GraphBuilder,
  x: Value,
  { stripes, bias, lowRank }: StripedLinear,
  widths: readonly number[],
): Part[] {
  const inner = lowRank && lowRankInner(g, x, lowRank);
  const rows = lowRank && split(g, lowRank.b, 0, widths);
  const biases = bias && split(g, bias, 0, widths);
  return stripes.map((matrix, i) => {
    const b = rows?.[i];
    return { matrix, bias: biases?.[i], adapter: inner && b && { inner, b } };
  });
}

function columnsOf(g: GraphBuilder, lowRank: LowRank | undefined, widths: readonly number[]): Stripe['lowRank'][] {
  if (!lowRank) return [];
  const keeps = lowRank.dropout && split(g, lowRank.dropout.keep, 1, widths);
  return split(g, lowRank.a, 1, widths).map((a, i) => {
    const keep = keeps?.[i];
    return {
      a,
      scale: lowRank.scale,
      ...(keep && lowRank.dropout && { dropout: { ...lowRank.dropout, keep } }),
    };
  });
}

/** A stripe's share of the result, and of scale·dropout(active)·Aᵀ where down has an adapter. */
function stripeOf(g: GraphBuilder, x: Value, { gate, up, down, lowRank }: Stripe, turn: Turn): Value[] {
  const values = { gate: partForward(g, x, gate), up: partForward(g, x, up) };
  const active = raw.mul(g, raw.mul(g, values.gate, raw.unary(g, 'Sigmoid', values.gate)), values.up);
  const own =
    lowRank && rawGemm(g, [dropped(g, active, lowRank), lowRank.a], { transposeB: true, alpha: lowRank.scale });
  const y = down.forward(g, active, own);
  const adapted = lowRank ? [lowRank.a] : [];
  const inputs = [x, ...adapted, ...adapterOf(gate), ...adapterOf(up)];
  return g.differentiateMany(own ? [y, own] : [y], inputs, ([dy, dOwn]) => {
    invariant(dy, 'a stripe has a gradient');
    const throughDown = down.backward(g, dy);
    const dActive =
      lowRank && dOwn
        ? raw.add(g, throughDown, dropped(g, rawGemm(g, [dOwn, lowRank.a], { alpha: lowRank.scale }), lowRank))
        : throughDown;
    const again = swiGluAgain(g, values, oneAfter(g, turn.last ? raw.add(g, firstOf(g, dActive), turn.last) : dActive));
    const dA =
      lowRank &&
      dOwn &&
      rawGemm(g, [dOwn, dropped(g, again.active, lowRank)], { transposeA: true, alpha: lowRank.scale });
    const ofUp = partBackward(g, up, raw.mul(g, dActive, again.silu));
    const ofGate = partBackward(g, gate, raw.mul(g, dActive, again.slope));
    const gradients = [raw.add(g, ofUp.dx, ofGate.dx), ...(dA ? [dA] : []), ...ofGate.adapter, ...ofUp.adapter];
    turn.last = gradients.map((gradient) => firstOf(g, gradient)).reduce((sum, first) => raw.add(g, sum, first));
    return gradients;
  });
}

function adapterOf({ adapter }: Part): readonly Value[] {
  return adapter ? [adapter.inner, adapter.b] : [];
}

function dropped(g: GraphBuilder, x: Value, { dropout }: Pick<LowRank, 'dropout'>): Value {
  return dropout ? rawDropout(g, x, dropout) : x;
}

function partForward(g: GraphBuilder, x: Value, { matrix, bias, adapter }: Part): Value {
  const product = matrix.forward(g, x);
  const base = bias ? raw.add(g, product, bias) : product;
  return adapter ? raw.add(g, base, rawGemm(g, [adapter.inner, adapter.b], { transposeB: true })) : base;
}

/** Gradients of x without its way through the adapter, and of the adapter's two values. */
function partBackward(g: GraphBuilder, { matrix, adapter }: Part, dy: Value): { dx: Value; adapter: Value[] } {
  const dx = matrix.backward(g, dy);
  if (!adapter) return { dx, adapter: [] };
  const { inner, b } = adapter;
  // The small factor is turned, not the large one.
  const dB = rawLayout.transpose(g, rawGemm(g, [inner, dy], { transposeA: true }), [1, 0]);
  return { dx, adapter: [rawGemm(g, [dy, b]), dB] };
}
