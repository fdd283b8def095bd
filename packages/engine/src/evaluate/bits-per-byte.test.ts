import { expect, test } from 'vitest';
import { vectorTokenizer as tokenizer } from '../data/testing/vector-vocabulary.ts';
import { bitsPerByte, countedTextBytes } from './bits-per-byte.ts';

test('one bit for each of eight bytes', () => {
  expect(bitsPerByte(8 * Math.LN2, 8)).toBeCloseTo(1, 12);
  expect(bitsPerByte(1, 0)).toBeNull();
});

test('counts the bytes of counted text, whole characters or not, without special tokens', () => {
  const answer = 'Grüße, 世界 👋';
  const ids = Int32Array.from([
    ...tokenizer.encode('<|im_start|>user\nHi<|im_end|>', { addSpecialTokens: false }),
    ...tokenizer.encode(`${answer}<|im_end|>`, { addSpecialTokens: false }),
  ]);
  const answerTokens = tokenizer.encode(`${answer}<|im_end|>`, { addSpecialTokens: false }).length;
  const counted = new Uint8Array(ids.length).fill(1, ids.length - answerTokens);
  const bytes = new TextEncoder().encode(answer).length;
  expect(countedTextBytes(tokenizer, { ids, counted })).toBe(bytes);
  expect(countedTextBytes({ ...tokenizer, tokenBytes: () => null }, { ids, counted })).toBe(bytes);
});
