import { canonicalJson } from '@skein/core';
import type { z } from 'zod';

/** Plain data as the text of a column. */
export function toText(value: unknown): string {
  return canonicalJson(value);
}

/** What `toText` wrote. @throws ZodError where another version wrote it: a fault of ours. */
export function fromText<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  return schema.parse(JSON.parse(text));
}
