import type { TokenizedExample } from '../data/tokenized-example.ts';
import type { Tokenizer } from '../data/tokenizer.ts';

/**
 * Bits that the model needs for a byte of text: independent of the tokenizer, so models can be compared by it.
 * @param nllSum Σ −ln p over all counted tokens, in nats.
 * @param countedBytes UTF-8 bytes of the text that these tokens spell.
 * @returns null where there is no text.
 */
export function bitsPerByte(nllSum: number, countedBytes: number): number | null {
  return countedBytes === 0 ? null : nllSum / Math.LN2 / countedBytes;
}

/**
 * UTF-8 bytes of the text of an example's counted tokens. Special tokens, such as the end of a turn, have a likelihood
 * but are no text, so they add nothing here.
 */
export function countedTextBytes(
  tokenizer: Pick<Tokenizer, 'specialIds' | 'tokenBytes' | 'decode'>,
  { ids, counted }: Pick<TokenizedExample, 'ids' | 'counted'>,
): number {
  const words = ids.filter((id, index) => counted[index] === 1 && !tokenizer.specialIds.has(id));
  let size = 0;
  for (const id of words) {
    const bytes = tokenizer.tokenBytes(id);
    // A vocabulary that isn't byte-level says only of a whole text what it is.
    if (bytes === null) return new TextEncoder().encode(tokenizer.decode(words)).length;
    size += bytes.length;
  }
  return size;
}
