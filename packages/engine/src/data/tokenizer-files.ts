import { BaseError } from '@skein/core';
import { z } from 'zod';

const tokenName = z.union([z.string(), z.looseObject({ content: z.string() }).transform((token) => token.content)]);
const optionalTokenName = tokenName.nullish().transform((name) => name ?? null);

const addedToken = z.looseObject({
  content: z.string().min(1),
  special: z.boolean().optional(),
});

/** The part of `tokenizer.json` that this wrapper looks into; the rest goes to the library as it is. */
const tokenizerJson = z.looseObject({
  added_tokens: z.array(addedToken.extend({ id: z.int().nonnegative() })).default([]),
  normalizer: z.unknown().transform((value) => value ?? null),
  pre_tokenizer: z.unknown().transform((value) => value ?? null),
  post_processor: z.unknown().transform((value) => value ?? null),
  decoder: z.unknown().transform((value) => value ?? null),
  model: z.looseObject({ vocab: z.union([z.record(z.string(), z.int().nonnegative()), z.array(z.unknown())]) }),
});

const tokenizerConfig = z.looseObject({
  bos_token: optionalTokenName,
  eos_token: optionalTokenName,
  unk_token: optionalTokenName,
  sep_token: optionalTokenName,
  pad_token: optionalTokenName,
  cls_token: optionalTokenName,
  mask_token: optionalTokenName,
  additional_special_tokens: z
    .array(tokenName)
    .nullish()
    .transform((names) => names ?? []),
  added_tokens_decoder: z.record(z.string(), addedToken).default({}),
  clean_up_tokenization_spaces: z.boolean().nullish(),
});

export type TokenizerJson = z.infer<typeof tokenizerJson>;
export type TokenizerConfig = z.infer<typeof tokenizerConfig>;

/** @throws BaseError `engine/tokenizer-malformed` naming the first field that is wrong. */
export function parseTokenizerJson(value: unknown): TokenizerJson {
  return parse(tokenizerJson, value, 'tokenizer.json');
}

/** @throws BaseError `engine/tokenizer-malformed` naming the first field that is wrong. */
export function parseTokenizerConfig(value: unknown): TokenizerConfig {
  return parse(tokenizerConfig, value, 'tokenizer_config.json');
}

function parse<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || 'the whole file';
  throw new BaseError('engine/tokenizer-malformed', `${file} is malformed at ${field}: ${issue?.message}`, {
    info: { file, field },
    hints: [`Fetch ${file} of the model again; a fast tokenizer in Hugging Face's format is needed.`],
  });
}
