import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import * as words from './sample-world/words.ts';
import { learnMerges, renderTokenizerFiles, shipped } from './train-tokenizer.ts';

const shippedFile = (name: string): string =>
  readFileSync(new URL(`../models/skein-small/${name}`, import.meta.url), 'utf8');
const tokenizer = new Tokenizer(
  JSON.parse(shippedFile('tokenizer.json')),
  JSON.parse(shippedFile('tokenizer_config.json')),
);

test('merges the most frequent pair first, of equals the one spelt first', () => {
  // ab 3 times, then abc and dd twice each; what occurs once is never merged.
  expect(learnMerges(['abc', 'abc', 'ab', 'dd', 'dd', 'xy'], 10)).toEqual([
    ['a', 'b'],
    ['ab', 'c'],
    ['d', 'd'],
  ]);
  expect(learnMerges(['abc', 'abc', 'ab', 'dd', 'dd'], 1)).toEqual([['a', 'b']]);
});

test('never merges across digits, words or a word’s end', () => {
  const merges = learnMerges(['12 12 a1 a1 b! b!', 'c d c d'], 100).map((pair) => pair.join(''));
  expect(merges).toEqual(['Ġa', 'Ġb', 'Ġd']);
});

test('the shipped tokenizer is what the trainer makes', () => {
  for (const [name, content] of renderTokenizerFiles(shipped.documentCount, shipped.maxMerges)) {
    expect(shippedFile(name) === content).toBe(true);
  }
});

test('special tokens and every byte have an id, and the vocabulary has 2,048 entries without a gap', () => {
  const { vocab } = JSON.parse(shippedFile('tokenizer.json')).model as { vocab: Record<string, number> };
  expect(Object.values(vocab).sort((a, b) => a - b)).toEqual(Array.from({ length: 2048 }, (_, id) => id));
  expect(tokenizer.encode('<|endoftext|><|im_start|><|im_end|>').ids).toEqual([0, 1, 2]);
});

test('every inventory word is one token inside a sentence', () => {
  const all = Object.values(words).flat();
  const split = all.filter((word) => tokenizer.encode(` ${word}`).ids.length > 1);
  expect(all.length).toBeGreaterThan(500);
  expect(split.length / all.length).toBeLessThan(0.05);
});

test('decoding what was encoded gives the text back in NFC', () => {
  assert(
    property(string({ unit: 'binary', minLength: 1, maxLength: 60 }), (text) => {
      expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text.normalize('NFC'));
    }),
    { numRuns: 500 },
  );
});

test('the template writes ChatML and adds no message of its own', () => {
  const template = new Template(shippedFile('chat_template.jinja'));
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: ' Who?\n' },
    { role: 'assistant', content: '\nAnna ' },
    { role: 'user', content: 'Why?' },
  ];
  const chat =
    '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Who?\n<|im_end|>\n' +
    '<|im_start|>assistant\n\nAnna <|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n';
  expect(template.render({ messages, add_generation_prompt: false })).toBe(chat);
  expect(template.render({ messages, add_generation_prompt: true })).toBe(`${chat}<|im_start|>assistant\n`);
  const marked = template.render({ messages: [{ role: 'assistant', content: 'Anna' }], add_generation_prompt: false });
  expect(marked).toBe('<|im_start|>assistant\nAnna<|im_end|>\n');
  expect(shippedFile('chat_template.jinja')).toMatch(
    /\{%-? generation -?%\}.*'<\|im_end\|>'.*\{%-? endgeneration -?%\}/,
  );
});
