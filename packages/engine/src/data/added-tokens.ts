import type { TokenizerConfig, TokenizerJson } from './tokenizer-files.ts';

const NAMED = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const;

/** The special tokens that tokenizer_config.json names, by the names that templates know them by. */
export function namedSpecialTokens(config: TokenizerConfig): Readonly<Record<string, string>> {
  const named: Record<string, string> = {};
  for (const name of NAMED) {
    const token = config[name];
    if (token !== null) named[name] = token;
  }
  return named;
}

/**
 * tokenizer.json's added tokens plus those that only tokenizer_config.json knows (its `added_tokens_decoder`, then its
 * special tokens), in the order in which transformers adds them: a new token takes the id that the vocabulary has for
 * it, or else the next free one.
 */
export function completeAddedTokens(json: TokenizerJson, config: TokenizerConfig): TokenizerJson['added_tokens'] {
  const vocabulary = Array.isArray(json.model.vocab) ? {} : json.model.vocab;
  const special = new Set([...Object.values(namedSpecialTokens(config)), ...config.additional_special_tokens]);
  const tokens = [...json.added_tokens];
  const known = new Set(tokens.map((token) => token.content));
  let nextId = Math.max(-1, ...tokens.map((token) => token.id), maxId(json)) + 1;

  const listed = Object.entries(config.added_tokens_decoder).sort(([a], [b]) => Number(a) - Number(b));
  for (const token of [...listed.map(([, decoded]) => decoded), ...[...special].map((content) => ({ content }))]) {
    if (known.has(token.content)) continue;
    known.add(token.content);
    const id = Object.hasOwn(vocabulary, token.content) ? (vocabulary[token.content] as number) : nextId++;
    tokens.push({
      ...token,
      id,
      special: special.has(token.content) || ('special' in token && token.special === true),
    });
  }
  return tokens;
}

function maxId(json: TokenizerJson): number {
  const { vocab } = json.model;
  if (Array.isArray(vocab)) return vocab.length - 1;
  // Not Math.max(...ids): a vocabulary has more entries than a call may have arguments.
  let max = -1;
  for (const id of Object.values(vocab)) if (id > max) max = id;
  return max;
}
