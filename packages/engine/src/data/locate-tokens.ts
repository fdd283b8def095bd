import { BaseError } from '@skein/core';
import type { TextSpan } from './chat-template.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Half-open range of tokens. */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The tokens that hold any of a span's characters: a token that reaches over the span's edge belongs to it, as in
 * transformers' `char_to_token`. Encodes the text up to each edge once more.
 * @param ids `text` encoded without special tokens.
 * @throws BaseError `engine/answer-unaligned` where an edge falls into a token of a vocabulary that isn't byte-level.
 */
export function locateTokens(
  tokenizer: Tokenizer,
  encoded: { readonly text: string; readonly ids: Int32Array },
  span: TextSpan,
): TokenRange {
  const start = locateEdge(tokenizer, encoded, span.start);
  const end = span.end === span.start ? start : locateEdge(tokenizer, encoded, span.end);
  return { start: start.containing, end: end.after };
}

/** The token behind a place in the text, or that holds it; and the first token wholly behind it. */
interface Edge {
  readonly containing: number;
  readonly after: number;
}

function locateEdge(tokenizer: Tokenizer, encoded: { text: string; ids: Int32Array }, at: number): Edge {
  const { text, ids } = encoded;
  const prefix = tokenizer.encode(text.slice(0, at), { addSpecialTokens: false });
  if (startsWith(ids, prefix)) return { containing: prefix.length, after: prefix.length };

  // The place lies inside a token. Bytes are compared rather than characters counted, because the normaliser may have
  // changed their number; what both encodings have in common lies before the place.
  const whole = bytesOf(tokenizer, ids);
  const offset = commonBytes(whole.bytes, bytesOf(tokenizer, prefix).bytes);
  const containing = whole.ends.findIndex((end) => end > offset);
  if (containing < 0) return { containing: ids.length, after: ids.length };
  const startsHere = (containing === 0 ? 0 : (whole.ends[containing - 1] as number)) === offset;
  return { containing, after: startsHere ? containing : containing + 1 };
}

/** The bytes of a sequence, and for each token where its bytes end. */
function bytesOf(tokenizer: Tokenizer, ids: Int32Array): { bytes: Uint8Array; ends: number[] } {
  const parts: Uint8Array[] = [];
  const ends: number[] = [];
  let length = 0;
  for (const id of ids) {
    const part = tokenizer.tokenBytes(id);
    if (part === null) {
      throw new BaseError('engine/answer-unaligned', 'An answer begins or ends inside a token.', {
        hints: ['Let the template put a special token or a line break between the header and the answer.'],
      });
    }
    parts.push(part);
    ends.push((length += part.length));
  }
  const bytes = new Uint8Array(length);
  for (const [index, part] of parts.entries()) bytes.set(part, index === 0 ? 0 : ends[index - 1]);
  return { bytes, ends };
}

/** Length of the longest common start that doesn't end inside a character. */
function commonBytes(whole: Uint8Array, other: Uint8Array): number {
  let length = 0;
  while (length < other.length && whole[length] === other[length]) length++;
  while (length > 0 && length < whole.length && ((whole[length] as number) & 0xc0) === 0x80) length--;
  return length;
}

/** Whether `ids` begins with `prefix`. */
export function startsWith(ids: Int32Array, prefix: Int32Array): boolean {
  return prefix.length <= ids.length && prefix.every((id, index) => ids[index] === id);
}
