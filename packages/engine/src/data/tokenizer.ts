import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { BaseError } from '@skein/core';
import { completeAddedTokens, namedSpecialTokens } from './added-tokens.ts';
import { byteLevelBytes, isByteLevelDecoder } from './byte-level.ts';
import {
  parseTokenizerConfig,
  parseTokenizerJson,
  type TokenizerConfig,
  type TokenizerJson,
} from './tokenizer-files.ts';

export interface EncodeOptions {
  /** Whether the post-processor adds its tokens (Llama 3: `<|begin_of_text|>` in front); true by default, as in transformers. Off for rendered chats: their template writes them. */
  readonly addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Leaves special tokens out of the text; false by default, as in transformers. */
  readonly skipSpecialTokens?: boolean;
}

/** Text to token ids and back, equal to transformers' fast tokenizer of the same files. */
export interface Tokenizer {
  /** Highest id + 1: the least number of rows that an embedding for this tokenizer has. */
  readonly vocabSize: number;
  readonly bosTokenId: number | null;
  /** Tokens that end an answer, by tokenizer_config.json; generation_config.json may name more. */
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | null;
  readonly specialIds: ReadonlySet<number>;
  /** `bos_token`, `eos_token`, … as far as tokenizer_config.json names them; chat templates see these. */
  readonly specialTokens: Readonly<Record<string, string>>;
  /** Whether `encode` with `addSpecialTokens` adds anything. */
  readonly hasPostProcessorSpecials: boolean;
  encode(text: string, options?: EncodeOptions): Int32Array;
  /** Ids that the vocabulary lacks (an embedding may have spare rows) decode to nothing. */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  tokenToId(token: string): number | undefined;
  /** The UTF-8 bytes of one token, possibly a part of a character; null where the vocabulary isn't byte-level or lacks the id. */
  tokenBytes(id: number): Uint8Array | null;
}

/**
 * Wraps Hugging Face's JavaScript tokenizer.
 * @param tokenizerJson the parsed tokenizer.json.
 * @param tokenizerConfig the parsed tokenizer_config.json; `{}` where a model has none.
 * @throws BaseError `engine/tokenizer-malformed`, or `engine/tokenizer-unsupported` for a part that the library lacks.
 */
export function createTokenizer(tokenizerJson: unknown, tokenizerConfig: unknown): Tokenizer {
  const config = parseTokenizerConfig(tokenizerConfig);
  const parsed = parseTokenizerJson(tokenizerJson);
  const json = { ...parsed, added_tokens: completeAddedTokens(parsed, config) };
  const library = openLibrary(json, config);

  const special = json.added_tokens.filter((token) => token.special === true);
  const addedBytes = new Map(json.added_tokens.map((token) => [token.id, new TextEncoder().encode(token.content)]));
  const byteLevel = isByteLevelDecoder(json.decoder);
  const idOf = (name: 'bos_token' | 'eos_token' | 'pad_token'): number | null =>
    config[name] === null ? null : (library.token_to_id(config[name]) ?? null);
  const eosTokenId = idOf('eos_token');
  const encode = (text: string, { addSpecialTokens = true }: EncodeOptions = {}): Int32Array =>
    toIds(library.encode(text, { add_special_tokens: addSpecialTokens }).ids);

  return {
    vocabSize: library.model?.vocab.length ?? 0,
    bosTokenId: idOf('bos_token'),
    eosTokenIds: eosTokenId === null ? [] : [eosTokenId],
    padTokenId: idOf('pad_token'),
    specialIds: new Set(special.map((token) => token.id)),
    specialTokens: namedSpecialTokens(config),
    hasPostProcessorSpecials: encode('').length > 0,
    encode,
    decode(ids, { skipSpecialTokens = false } = {}) {
      // The library throws for an empty sequence and fails on ids without a token; transformers gives '' and skips them.
      const known = Array.from(ids).filter((id) => library.id_to_token(id) !== undefined);
      return known.length === 0 ? '' : library.decode(known, { skip_special_tokens: skipSpecialTokens });
    },
    tokenToId: (token) => library.token_to_id(token),
    tokenBytes(id) {
      const token = library.id_to_token(id);
      if (!byteLevel || token === undefined) return null;
      return addedBytes.get(id) ?? byteLevelBytes(token);
    },
  };
}

function openLibrary(json: TokenizerJson, config: TokenizerConfig): LibraryTokenizer {
  // The library would tidy spaces by default ("a ." becomes "a."); transformers 5 does so only where the file asks.
  const tidy = config.clean_up_tokenization_spaces ?? false;
  try {
    return new LibraryTokenizer(json, { ...config, clean_up_tokenization_spaces: tidy });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BaseError('engine/tokenizer-unsupported', `The tokenizer can't be opened: ${reason}`, {
      hints: ['Use a model whose tokenizer.json is of a supported kind (byte-level BPE as in Qwen and Llama 3).'],
      cause,
    });
  }
}

function toIds(ids: readonly (number | undefined)[]): Int32Array {
  // Without an unknown token, transformers leaves out what the vocabulary can't spell; the library gives undefined.
  return Int32Array.from(ids.filter((id) => id !== undefined));
}
