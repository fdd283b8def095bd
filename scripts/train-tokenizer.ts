import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type CorpusDocument, corpus } from './sample-world/corpus.ts';

const specialTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;

/** Qwen2's pre-tokenisation: words keep the space before them, every digit stands alone. */
const splitPattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** ChatML without a system prompt of its own; what the assistant says, its end included, is marked for training. */
const chatTemplate = [
  `{%- for message in messages %}`,
  `{{- '<|im_start|>' + message['role'] + '\\n' }}`,
  `{%- if message['role'] == 'assistant' %}`,
  `{%- generation %}{{- message['content'] + '<|im_end|>' }}{%- endgeneration %}`,
  `{{- '\\n' }}`,
  `{%- else %}{{- message['content'] + '<|im_end|>\\n' }}{%- endif %}`,
  `{%- endfor %}`,
  `{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}`,
].join('');

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const isVisible = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);

/** One visible character for each byte, as GPT-2 writes byte-level vocabularies; in the order of the vocabulary. */
function byteCharacters(): { readonly ofByte: readonly string[]; readonly ordered: readonly string[] } {
  let next = 256;
  const ofByte = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isVisible(byte) ? byte : next++));
  return { ofByte, ordered: ofByte.toSorted(compare) };
}

/** How often each pre-token occurs, written in byte characters. */
function countWords(texts: Iterable<string>): Map<string, number> {
  const { ofByte } = byteCharacters();
  const pattern = new RegExp(splitPattern, 'gu');
  const encoder = new TextEncoder();
  const plain = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.normalize('NFC').match(pattern) ?? []) plain.set(word, (plain.get(word) ?? 0) + 1);
  }
  const written = [...plain].map(([word, count]): [string, number] => [
    Array.from(encoder.encode(word), (byte) => ofByte[byte]).join(''),
    count,
  ]);
  return new Map(written.toSorted(([a], [b]) => compare(a, b)));
}

type Pair = readonly [string, string];

function merge(symbols: readonly string[], [left, right]: Pair): string[] {
  const merged: string[] = [];
  let skip = false;
  for (const [at, symbol] of symbols.entries()) {
    const isPair: boolean = !skip && symbol === left && symbols[at + 1] === right;
    if (!skip) merged.push(isPair ? left + right : symbol);
    skip = isPair;
  }
  return merged;
}

/**
 * Learns byte-pair merges from texts (Sennrich et al. 2016): the most frequent pair first, of equals the one whose
 * spelling comes first. Stops at `limit` merges or when no pair occurs at least twice. Cost: one pass over the distinct
 * words for each merge.
 */
export function learnMerges(texts: Iterable<string>, limit: number): Pair[] {
  const words = [...countWords(texts)].map(([word, count]) => ({ symbols: Array.from(word), count }));
  // A space never stands inside a symbol, so it can divide the two halves of a key.
  const counts = new Map<string, number>();
  const countPairs = (symbols: readonly string[], weight: number): void => {
    for (let at = 1; at < symbols.length; at++) {
      const key = `${symbols[at - 1]} ${symbols[at]}`;
      counts.set(key, (counts.get(key) ?? 0) + weight);
    }
  };
  for (const { symbols, count } of words) countPairs(symbols, count);
  const merges: Pair[] = [];
  while (merges.length < limit) {
    let best = { key: '', count: 1 };
    for (const [key, count] of counts) {
      if (count > best.count || (count === best.count && count > 1 && key < best.key)) best = { key, count };
    }
    if (best.count < 2) break;
    const [left = '', right = ''] = best.key.split(' ');
    const pair: Pair = [left, right];
    merges.push(pair);
    for (const word of words) {
      const merged = merge(word.symbols, pair);
      if (merged.length === word.symbols.length) continue;
      countPairs(word.symbols, -word.count);
      countPairs(merged, word.count);
      word.symbols = merged;
    }
  }
  return merges;
}

/** The content of a Hugging Face `tokenizer.json` for byte-level BPE: special tokens, then bytes, then merges. */
export function toTokenizerJson(merges: readonly Pair[]): object {
  const tokens = [...specialTokens, ...byteCharacters().ordered, ...merges.map(([left, right]) => left + right)];
  const vocab = Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id]));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const split = { type: 'Split', pattern: { Regex: splitPattern }, behavior: 'Isolated', invert: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({ id, content, ...flags })),
    normalizer: { type: 'NFC' },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split, byteLevel] },
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

function* trainingTexts(documents: Iterable<CorpusDocument>, count: number): Generator<string> {
  for (const document of documents) {
    if (count-- <= 0) return;
    if ('text' in document) yield document.text;
    else for (const { role, content } of document.messages) yield* [`${role}\n`, content];
  }
}

/** The files of the small model's tokenizer: name → content. Deterministic. */
export function renderTokenizerFiles(documentCount: number, maxMerges: number): Map<string, string> {
  const merges = learnMerges(trainingTexts(corpus(1), documentCount), maxMerges);
  const config = {
    eos_token: '<|im_end|>',
    pad_token: '<|endoftext|>',
    clean_up_tokenization_spaces: false,
    tokenizer_class: 'PreTrainedTokenizerFast',
  };
  return new Map([
    ['tokenizer.json', `${JSON.stringify(toTokenizerJson(merges), null, 2)}\n`],
    ['tokenizer_config.json', `${JSON.stringify(config, null, 2)}\n`],
    ['chat_template.jinja', chatTemplate],
  ]);
}

/** What the shipped tokenizer was made with. */
export const shipped = { documentCount: 60_000, maxMerges: 1789 } as const;

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'models/skein-small' } } });
  mkdirSync(values.out, { recursive: true });
  for (const [name, content] of renderTokenizerFiles(shipped.documentCount, shipped.maxMerges)) {
    writeFileSync(path.join(values.out, name), content);
  }
}
