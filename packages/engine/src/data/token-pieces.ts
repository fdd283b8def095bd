import type { TokenizedExample } from './tokenized-example.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A token as a reader sees it. */
export interface TokenPiece {
  readonly id: number;
  /** Empty for a token that ends inside a character; the one that completes the character carries it. */
  readonly text: string;
  readonly counted: boolean;
}

/** An example token by token; with a byte-level vocabulary the texts joined give what the model sees. */
export function tokenPieces(
  tokenizer: Tokenizer,
  { ids, counted }: Pick<TokenizedExample, 'ids' | 'counted'>,
): TokenPiece[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return Array.from(ids, (id, index) => {
    const bytes = tokenizer.tokenBytes(id);
    const text = bytes === null ? tokenizer.decode([id]) : decoder.decode(bytes, { stream: index < ids.length - 1 });
    return { id, text, counted: counted[index] === 1 };
  });
}
