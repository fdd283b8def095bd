import { BaseError, invariant } from '@skein/core';
import type { LanguageModel } from '../models/language-model.ts';
import { type Tensor, float32, int32, type Tensors } from '../tensor.ts';
import type { Random } from '../random.ts';

/** Added to the score of a key that must not be seen. */
const MASKED = -1e30;

export interface GenerateOptions {
  readonly maxNewTokens: number;
  /** Tokens that end a row; they are not part of the result. */
  readonly stopIds: ReadonlySet<number>;
  /** 0 or absent: always the most likely token. */
  readonly temperature?: number;
  /** Keep the smallest set of tokens whose probability reaches this. */
  readonly topP?: number;
  /** Needed where temperature > 0. */
  readonly random?: Random;
  /** Called with each row's new token as soon as it is known. */
  readonly onToken?: (row: number, token: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Continues several prompts at once, with a cache of keys and values that stays with the runtime. Shorter prompts are
 * padded on the left; padding is never seen.
 * @param prompts token ids, each at least one
 * @returns the new tokens of each prompt, without the stop token
 * @throws BaseError `engine/logits-not-finite` where a token's score is NaN or infinite, as with damaged weights.
 */
export async function generate(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  const batch = prompts.length;
  invariant(batch > 0 && prompts.every((prompt) => prompt.length > 0), 'generate needs prompts of at least one token');
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  const padding = prompts.map((prompt) => longest - prompt.length);
  const { config } = model.spec;
  const session = await model.session({ kind: 'generate', batch });
  const carry = Object.fromEntries(cacheNames(config.layers).map((name) => [`present.${name}`, `past.${name}`]));
  await session.bind(emptyCache(batch, config));

  const results: number[][] = prompts.map(() => []);
  const done = prompts.map(() => false);
  let fresh = prompts.map((prompt, row) => [...Array.from({ length: padding[row] ?? 0 }, () => 0), ...prompt]);
  let seen = 0;
  for (let step = 0; step < options.maxNewTokens; step++) {
    options.signal?.throwIfAborted();
    const { logits } = await session.run(feeds(model, { fresh, seen, padding }), { fetch: ['logits'], carry });
    invariant(logits?.data instanceof Float32Array, 'the runtime gave no logits');
    seen += fresh[0]?.length ?? 0;
    const width = config.vocabularySize;
    const next = prompts.map((_, row) =>
      pick((logits.data as Float32Array).subarray(row * width, (row + 1) * width), options),
    );
    next.forEach((token, row) => {
      if (done[row]) return;
      if (options.stopIds.has(token)) {
        done[row] = true;
        return;
      }
      results[row]?.push(token);
      options.onToken?.(row, token);
    });
    if (done.every(Boolean)) break;
    fresh = next.map((token) => [token]);
  }
  await session.bind(emptyCache(batch, config));
  return results;
}

function cacheNames(layers: number): string[] {
  return Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
}

function emptyCache(batch: number, config: { layers: number; kvHeads: number; headSize: number }): Tensors {
  const dims = [batch, config.kvHeads, 0, config.headSize];
  return Object.fromEntries(
    cacheNames(config.layers).map((name) => [`past.${name}`, float32(dims, new Float32Array(0))]),
  );
}

function feeds(
  model: LanguageModel,
  { fresh, seen, padding }: { fresh: readonly (readonly number[])[]; seen: number; padding: readonly number[] },
): Tensors {
  const batch = fresh.length;
  const length = fresh[0]?.length ?? 0;
  const positions = fresh.flatMap((row, b) => row.map((_, i) => Math.max(0, seen + i - (padding[b] ?? 0))));
  return {
    ids: int32([batch * length], Int32Array.from(fresh.flat())),
    ...model.angles(Int32Array.from(positions), batch),
    bias: causalBias({ length, seen, padding }),
    last: int32(
      [batch],
      Int32Array.from(fresh, (_, b) => (b + 1) * length - 1),
    ),
  };
}

/** [batch, 1, length, seen+length]: which keys each new token sees. Padding sees itself only, to stay finite. */
function causalBias({ length, seen, padding }: { length: number; seen: number; padding: readonly number[] }): Tensor {
  const total = seen + length;
  const data = new Float32Array(padding.length * length * total).fill(MASKED);
  padding.forEach((pad, b) => {
    for (let i = 0; i < length; i++) {
      const row = (b * length + i) * total;
      const own = seen + i;
      data.fill(0, row + Math.min(pad, own), row + own + 1);
    }
  });
  return float32([padding.length, 1, length, total], data);
}

function pick(logits: Float32Array, { temperature = 0, topP = 1, random }: GenerateOptions): number {
  if (!logits.every(Number.isFinite)) {
    throw new BaseError('engine/logits-not-finite', "The model's scores for the next token are not finite numbers.", {
      hints: ['Look for damaged weights with "skein model inspect DIR --scan".'],
    });
  }
  if (temperature <= 0) {
    let best = 0;
    for (let i = 1; i < logits.length; i++) if ((logits[i] as number) > (logits[best] as number)) best = i;
    return best;
  }
  invariant(random, 'sampling needs a source of randomness');
  const top = logits.reduce((a, b) => Math.max(a, b));
  const weights = Array.from(logits, (logit, id) => ({ id, weight: Math.exp((logit - top) / temperature) }));
  weights.sort((a, b) => b.weight - a.weight);
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  let nucleus = 0;
  const kept = weights.filter(({ weight }) => {
    const inside = nucleus < topP * total;
    if (inside) nucleus += weight;
    return inside;
  });
  let target = random.uniform() * nucleus;
  for (const { id, weight } of kept) {
    target -= weight;
    if (target < 0) return id;
  }
  return kept[0]?.id ?? 0;
}
