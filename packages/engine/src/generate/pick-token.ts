import { BaseError, invariant } from '@skein/core';
import type { Random } from '../random.ts';

export interface Sampling {
  /** 0 or absent: always the most likely token. */
  readonly temperature?: number;
  /** Keep the smallest set of tokens whose probability reaches this. */
  readonly topP?: number;
  /** Needed where temperature > 0. */
  readonly random?: Random;
}

/** @throws BaseError `engine/logits-not-finite` where a score is NaN or infinite. */
export function pickToken(logits: Float32Array, { temperature = 0, topP = 1, random }: Sampling): number {
  const best = likeliest(logits);
  if (temperature <= 0) return best;
  invariant(random, 'sampling needs a source of randomness');
  const top = logits[best] as number;
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - top) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kept = topP < 1 ? nucleus(weights, topP * total) : weights.keys();
  const ids = [...kept];
  let target = random.uniform() * ids.reduce((sum, id) => sum + (weights[id] as number), 0);
  for (const id of ids) {
    target -= weights[id] as number;
    if (target < 0) return id;
  }
  return best;
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  let finite = true;
  // In one pass, without a call for each: a vocabulary has 150,000 tokens.
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (logit - logit !== 0) finite = false;
    if (logit > (logits[best] as number)) best = i;
  }
  if (finite) return best;
  throw new BaseError('engine/logits-not-finite', "The model's scores for the next token are not finite numbers.", {
    hints: ['Look for damaged weights with "skein model inspect DIR --scan".'],
  });
}

/** The likeliest tokens, most likely first, until their weights reach `mass`. */
function nucleus(weights: Float64Array, mass: number): number[] {
  // Only as many tokens are sorted as are needed: all above a floor that sinks until they suffice.
  for (let floor = 1e-3; ; floor = floor < 1e-12 ? 0 : floor / 100) {
    const ids = [...weights.keys()].filter((id) => (weights[id] as number) >= floor);
    const sum = ids.reduce((all, id) => all + (weights[id] as number), 0);
    if (sum < mass && floor > 0) continue;
    ids.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
    let reached = 0;
    const count = ids.findIndex((id) => (reached += weights[id] as number) >= mass) + 1;
    return count > 0 ? ids.slice(0, count) : ids;
  }
}
