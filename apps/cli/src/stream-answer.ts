import { createRandom, generate, type Random } from '@skein/engine';
import type { OpenModel } from './with-model.ts';

export interface Sampling {
  readonly 'max-tokens': number;
  readonly temperature: number;
  readonly 'top-p': number;
  readonly seed: number;
}

/** The stream of numbers for one command. */
export function samplingRandom({ seed }: Sampling): Random {
  return createRandom(seed);
}

interface AnswerRequest {
  readonly ids: Int32Array;
  readonly sampling: Sampling;
  readonly random: Random;
  /** Called with each new piece of text; never with a part of a character. */
  readonly onText: (piece: string) => void;
  readonly signal: AbortSignal;
}

/** Continues one prompt, handing out the text as it grows. */
export async function streamAnswer(
  { model, stopIds, vocabulary: { tokenizer }, assertFits }: OpenModel,
  { ids, sampling, random, onText, signal }: AnswerRequest,
): Promise<{ readonly text: string; readonly tokens: number }> {
  assertFits(ids);
  const tokens: number[] = [];
  let shown = 0;
  const show = (text: string, isWhole: boolean) => {
    // A character may be spread over tokens: what is not complete yet decodes to U+FFFD at the end.
    const end = isWhole || !text.endsWith('\ufffd') ? text.length : text.search(/\ufffd+$/);
    if (end > shown) onText(text.slice(shown, end));
    shown = Math.max(shown, end);
  };
  await generate(model, [[...ids]], {
    maxNewTokens: sampling['max-tokens'],
    stopIds,
    temperature: sampling.temperature,
    topP: sampling['top-p'],
    random,
    signal,
    onToken: (_, token) => {
      tokens.push(token);
      show(tokenizer.decode(tokens, { skipSpecialTokens: true }), false);
    },
  });
  const text = tokenizer.decode(tokens, { skipSpecialTokens: true });
  show(text, true);
  return { text, tokens: tokens.length };
}
