import { invariant } from '@skein/core';
import type { LanguageModel } from '../models/language-model.ts';
import { pickToken, type Sampling } from './pick-token.ts';

export interface GenerateOptions extends Sampling {
  readonly maxNewTokens: number;
  /** Tokens that end a row; they are not part of the result. */
  readonly stopIds: ReadonlySet<number>;
  /** Called with each row's new token as soon as it is known. */
  readonly onToken?: (row: number, token: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Continues several prompts of any lengths at once, with a cache of keys and values that stays with the runtime. What
 * the model has read before, and still has in its cache, is not read again.
 * @param prompts token ids, each at least one
 * @returns the new tokens of each prompt, without the stop token
 * @throws BaseError `engine/logits-not-finite` where a token's score is NaN or infinite, as with damaged weights.
 */
export async function generate(
  model: Pick<LanguageModel, 'decoder'>,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  const { maxNewTokens, stopIds, onToken, signal } = options;
  invariant(
    prompts.length > 0 && prompts.every((prompt) => prompt.length > 0),
    'generate needs prompts of at least one token',
  );
  const results: number[][] = prompts.map(() => []);
  if (maxNewTokens === 0) return results;
  let logits = await model.decoder.start(prompts, signal);
  let rows = [...prompts.keys()];
  for (let step = 1; ; step++) {
    signal?.throwIfAborted();
    const picked = rows.map((row, i) => ({ row, token: pickToken(logits[i] as Float32Array, options) }));
    const going = picked.filter(({ token }) => !stopIds.has(token));
    for (const { row, token } of going) {
      results[row]?.push(token);
      onToken?.(row, token);
    }
    if (going.length === 0 || step === maxNewTokens) return results;
    rows = going.map(({ row }) => row);
    logits = await model.decoder.next(going);
  }
}
