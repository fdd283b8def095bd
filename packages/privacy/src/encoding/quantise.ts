import { BaseError } from '@skein/core';
import type { AggregationCrypto } from '../crypto-port.ts';
import { fromHex } from '../hex.ts';
import { MAX_VALUE, PIECE_ELEMENTS, wholeBlocks } from '../limits.ts';

/** How an update becomes whole numbers; the same for every member. */
export interface QuantiserPlan {
  /** The whole update is scaled down to this L2 norm. */
  readonly clipNorm: number;
  /** Each value is then cut to ±range, the ends of the 16-bit scale. Choose clipNorm to cut nothing more. */
  readonly range: number;
  /** Every member counts the same, or by its number of examples, which then travels as one more masked coordinate. */
  readonly weights: 'equal' | 'by-examples';
  /** For weights by examples: the number that counts most, 1 … 65535; a member with more counts as this. */
  readonly maxExamples?: number;
}

/** One's own part. */
export interface QuantiserInput {
  /** 32 bytes in hexadecimal, stored before use: the same seed gives the same values again after a kill. */
  readonly seed: string;
  /** How many examples the update was trained on; needed for weights by examples. */
  readonly examples?: number;
}

/**
 * Clips an update and rounds it at random to 16 bits, so that the mean of many roundings is the value:
 * u = ⌊(v + range) · 65535 / (2 · range) + dither⌋, dither from AES-256-CTR in [2^-17, 1 − 2^-17]. Deterministic.
 * @returns as many values as the update has; with weights by examples one more, the examples, and the update is
 *   multiplied by examples / maxExamples before.
 * @throws BaseError `privacy/update-not-finite`
 */
export function quantise(
  crypto: AggregationCrypto,
  update: Float32Array,
  plan: QuantiserPlan,
  input: QuantiserInput,
): Uint16Array {
  const examples = weightOf(plan, input);
  const norm = Math.sqrt(sumOfSquares(update));
  if (!Number.isFinite(norm)) {
    throw new BaseError('privacy/update-not-finite', 'The update holds values that are not finite numbers.', {
      hints: ['Look at the training loss: it probably diverged. A lower learning rate helps.'],
    });
  }
  const weight = examples === undefined ? 1 : examples / maxExamplesOf(plan);
  const factor = (norm > plan.clipNorm ? plan.clipNorm / norm : 1) * weight;
  const values = new Uint16Array(update.length + Number(examples !== undefined));
  const stream = crypto.aes256Ctr(crypto.hkdfSha256(fromHex(input.seed), QUANTISER_LABEL, 32));
  for (let start = 0; start < update.length; start += PIECE_ELEMENTS) {
    const piece = update.subarray(start, start + PIECE_ELEMENTS);
    const bytes = stream.next(wholeBlocks(2 * piece.length));
    const random = new Uint16Array(bytes.buffer, bytes.byteOffset, piece.length);
    roundPiece(piece, random, { factor, range: plan.range }, values.subarray(start, start + piece.length));
  }
  if (examples !== undefined) values[update.length] = examples;
  return values;
}

const QUANTISER_LABEL = new TextEncoder().encode('skein/privacy/1/quantiser');

function roundPiece(
  piece: Float32Array,
  random: Uint16Array,
  { factor, range }: { factor: number; range: number },
  target: Uint16Array,
): void {
  const scale = MAX_VALUE / (2 * range);
  for (let i = 0; i < piece.length; i++) {
    let value = piece[i]! * factor;
    if (value > range) value = range;
    else if (value < -range) value = -range;
    // From 0 to just below 65536, so that truncation is the floor and fits.
    target[i] = (value + range) * scale + (random[i]! + 0.5) / 65536;
  }
}

function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

/** The weight that travels, or undefined where all count the same. @throws RangeError for a plan or input out of range. */
function weightOf(plan: QuantiserPlan, input: QuantiserInput): number | undefined {
  for (const bound of [plan.clipNorm, plan.range]) {
    if (!(bound > 0 && bound < Number.MAX_VALUE)) throw new RangeError(`A clip is a positive number, got ${bound}`);
  }
  if (plan.weights === 'equal') return undefined;
  const { examples } = input;
  if (examples === undefined || !Number.isInteger(examples) || examples < 1) {
    throw new RangeError(`Weights by examples need their number, got ${examples}`);
  }
  return Math.min(examples, maxExamplesOf(plan));
}

/** @throws RangeError unless the plan names 1 … 65535 examples. */
export function maxExamplesOf(plan: QuantiserPlan): number {
  const { maxExamples } = plan;
  if (maxExamples === undefined || !Number.isInteger(maxExamples) || maxExamples < 1 || maxExamples > MAX_VALUE) {
    throw new RangeError(`Weights by examples need maxExamples from 1 to ${MAX_VALUE}, got ${maxExamples}`);
  }
  return maxExamples;
}
