import { describe, expect, it } from 'vitest';
import type { DataExample } from './data-format.ts';
import { findLeaks } from './find-leaks.ts';
import { previewData } from './preview.ts';
import { MARKED_CHATML, vectorTemplate, vectorTokenizer as tokenizer } from './testing/vector-vocabulary.ts';

const vocabulary = { tokenizer, template: vectorTemplate(MARKED_CHATML) };
const place = (file: string, line: number) => ({ source: { file, line } });
const text = (value: string, line: number, file = 'a'): DataExample => ({
  ...place(file, line),
  kind: 'text',
  text: value,
});
const asked = (question: string, answer: string, line: number, file = 'a'): DataExample => ({
  ...place(file, line),
  kind: 'chat',
  tools: null,
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
});

describe('previewData', () => {
  it('shows what the model sees, with every token counted or not', () => {
    const { shown } = previewData([asked('Hé 👩‍⚕️?', '患者。', 1), text('x', 2)], { ...vocabulary, show: 1 });
    expect(shown).toHaveLength(1);
    const tokens = shown[0]?.tokens ?? [];
    expect(tokens.map((token) => token.text).join('')).toBe(
      '<|im_start|>user\nHé 👩‍⚕️?<|im_end|>\n<|im_start|>assistant\n患者。<|im_end|>\n',
    );
    expect(
      tokens
        .filter((token) => token.counted)
        .map((token) => token.text)
        .join(''),
    ).toBe('患者。<|im_end|>');
  });

  it('sums up lengths and counted tokens', () => {
    // 'a' repeated n times is n tokens of this vocabulary; an end token follows.
    const lengths = Array.from({ length: 20 }, (_, index) => index + 1);
    const preview = previewData(
      lengths.map((length) => text('a'.repeat(length), length)),
      { ...vocabulary, show: 0 },
    );
    expect(preview).toMatchObject({
      examples: 20,
      tokens: 20 + 210,
      countedTokens: 210,
      lengths: { min: 2, median: 11, p95: 20, max: 21 },
      duplicates: [],
      leaks: null,
      shown: [],
    });
  });

  it('groups exact duplicates', () => {
    const rows = [text('a', 1), text('b', 2), text('a', 1, 'b'), text('A', 2, 'b')];
    expect(previewData(rows, { ...vocabulary, show: 0 }).duplicates).toEqual([
      [
        { file: 'a', line: 1 },
        { file: 'b', line: 1 },
      ],
    ]);
  });

  it('reports leaks where it has an evaluation, and is plain JSON', () => {
    const preview = previewData([asked('Why?', 'So.', 1)], {
      ...vocabulary,
      show: 1,
      evaluation: [asked('why', 'Because.', 4, 'test')],
    });
    expect(preview.leaks).toHaveLength(1);
    expect(JSON.parse(JSON.stringify(preview))).toEqual(preview);
  });

  it('has nothing to say about nothing', () => {
    expect(() => previewData([], { ...vocabulary, show: 1 })).toThrow(RangeError);
  });
});

describe('findLeaks', () => {
  const evaluation = [asked('What is a fever?', 'High temperature.', 1, 'test'), text('A secret.', 2, 'test')];

  it('tells a repeated example from a repeated question', () => {
    expect(
      findLeaks(
        [
          asked('what is  a FEVER', 'high temperature', 1),
          asked('What is a fever?', 'A rash.', 2),
          asked('What is a rash?', 'High temperature.', 3),
          text('a secret', 4),
          { ...place('a', 5), kind: 'completion', prompt: 'What is a fever?', completion: '?' },
        ],
        evaluation,
      ),
    ).toEqual([
      { ...place('a', 1), evaluation: { file: 'test', line: 1 }, shared: 'text' },
      { ...place('a', 2), evaluation: { file: 'test', line: 1 }, shared: 'prompt' },
      { ...place('a', 4), evaluation: { file: 'test', line: 2 }, shared: 'text' },
      { ...place('a', 5), evaluation: { file: 'test', line: 1 }, shared: 'prompt' },
    ]);
  });

  it('keeps texts apart that have no words, or other accents and numbers', () => {
    expect(
      findLeaks([text('!!', 1), text('क', 2), text('3.5', 3)], [text('??', 1), text('कि', 2), text('35', 3)]),
    ).toEqual([]);
  });
});
