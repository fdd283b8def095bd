import { describe, expect, it } from 'vitest';
import type { DataExample, ExampleContent } from './data-format.ts';
import { type PrepareOptions, prepareExamples } from './prepare-examples.ts';
import { CHATML, vectorTemplate, vectorTokenizer as tokenizer } from './testing/vector-vocabulary.ts';
import { tokenizeExample } from './tokenize-example.ts';

const vocabulary = { tokenizer, template: vectorTemplate(CHATML) };
const options: PrepareOptions = { ...vocabulary, maxLength: 512, overlong: 'error' };
const at = (content: ExampleContent, line = 1): DataExample => ({ source: { file: 'a.jsonl', line }, ...content });
const text = (value: string, line = 1): DataExample => at({ kind: 'text', text: value }, line);

describe('tokenizeExample', () => {
  it('counts a completion and an end token, encoded apart from the prompt', () => {
    const { ids, counted } = tokenizeExample(at({ kind: 'completion', prompt: 'a ', completion: 'b' }), vocabulary);
    expect([...ids]).toEqual([...tokenizer.encode('a '), ...tokenizer.encode('b'), 2]);
    expect([...counted]).toEqual([0, 0, 1, 1]);
  });

  it('counts all of a text but its first token, and ends it once', () => {
    const { ids, counted } = tokenizeExample(text('abc'), vocabulary);
    expect([...ids]).toEqual([...tokenizer.encode('abc'), 2]);
    expect([...counted]).toEqual(Array.from(ids, (_, index) => (index === 0 ? 0 : 1)));
    expect(tokenizeExample(text('abc<|im_end|>'), vocabulary).ids).toEqual(ids);
  });

  it('says where, when a chat has no template or the template refuses it', () => {
    const chat = at({ kind: 'chat', messages: [{ role: 'assistant', content: 'a' }], tools: null }, 9);
    expect(() => tokenizeExample(chat, { tokenizer, template: null })).toThrow(
      expect.objectContaining({
        code: 'engine/chat-template-missing',
        message: expect.stringMatching(/^a\.jsonl:9: /),
        info: { file: 'a.jsonl', line: 9 },
      }),
    );
    const refusing = vectorTemplate("{{ raise_exception('no') }}");
    expect(() => tokenizeExample(chat, { tokenizer, template: refusing })).toThrow(/^a\.jsonl:9: .*no/);
  });

  it('needs an end token', () => {
    const endless = { ...tokenizer, eosTokenIds: [] };
    expect(() => tokenizeExample(text('a'), { tokenizer: endless, template: null })).toThrow(
      expect.objectContaining({ code: 'engine/no-end-token' }),
    );
  });
});

describe('prepareExamples', () => {
  const long = 'x '.repeat(40);
  const rows = [text('short'), text(long, 2), at({ kind: 'completion', prompt: long, completion: 'y' }, 3)];

  it('keeps examples and counts them', async () => {
    const { examples, report } = await prepareExamples(rows, options);
    const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
    const counted = examples.reduce((sum, example) => sum + example.counted.filter((flag) => flag === 1).length, 0);
    expect(report).toEqual({
      read: 3,
      kept: 3,
      truncated: 0,
      droppedOverlong: 0,
      droppedUncounted: 0,
      tokens,
      countedTokens: counted,
    });
  });

  it('stops at a long example, with its place, length and the limit', async () => {
    const length = tokenizeExample(text(long), vocabulary).ids.length;
    await expect(prepareExamples(rows, { ...options, maxLength: 16 })).rejects.toThrow(
      expect.objectContaining({
        code: 'engine/example-too-long',
        message: `a.jsonl:2 has ${length} tokens, more than the limit of 16.`,
      }),
    );
    const fitting = await prepareExamples(rows.slice(0, 2), { ...options, maxLength: length });
    expect(fitting.report.kept).toBe(2);
  });

  it('drops or truncates long ones, and drops what truncation leaves without an answer', async () => {
    const dropped = await prepareExamples(rows, { ...options, maxLength: 16, overlong: 'drop' });
    expect(dropped.report).toMatchObject({ read: 3, kept: 1, droppedOverlong: 2, truncated: 0 });
    const cut = await prepareExamples(rows, { ...options, maxLength: 16, overlong: 'truncate' });
    expect(cut.report).toMatchObject({ read: 3, kept: 2, truncated: 1, droppedOverlong: 0, droppedUncounted: 1 });
    expect(cut.examples.map(({ source, ids, counted }) => [source.line, ids.length, counted.length])).toEqual([
      [1, cut.examples[0]?.ids.length, cut.examples[0]?.ids.length],
      [2, 16, 16],
    ]);
  });

  it('refuses a data set with nothing in it or nothing left of it', async () => {
    await expect(prepareExamples([], options)).rejects.toThrow(expect.objectContaining({ code: 'engine/data-empty' }));
    const none = prepareExamples(rows.slice(1), { ...options, maxLength: 8, overlong: 'drop' });
    await expect(none).rejects.toThrow(expect.objectContaining({ code: 'engine/data-nothing-left' }));
    await expect(prepareExamples(rows, { ...options, maxLength: 0 })).rejects.toThrow(RangeError);
  });
});
