import { describe, expect, it } from 'vitest';
import type { DataExample } from './data-format.ts';
import { type ParseOptions, parseExamples } from './parse-examples.ts';

async function parse(text: string, options: Partial<ParseOptions> = {}): Promise<DataExample[]> {
  return Array.fromAsync(parseExamples([text], { file: 'a.jsonl', encoding: 'jsonl', ...options }));
}

async function errorOf(text: string, options: Partial<ParseOptions> = {}): Promise<unknown> {
  return parse(text, options).then(
    () => 'no error',
    (error: unknown) => error,
  );
}

const asked = [
  { role: 'user', content: 'Q' },
  { role: 'assistant', content: 'A' },
];

describe('formats, told apart by their fields', () => {
  it.each([
    ['chat', { messages: asked, id: 7 }, { kind: 'chat', messages: asked, tools: null }],
    [
      'sharegpt',
      {
        conversations: [
          { from: 'human', value: 'Q' },
          { from: 'gpt', value: 'A' },
        ],
        system: 'S',
      },
      { kind: 'chat', messages: [{ role: 'system', content: 'S' }, ...asked], tools: null },
    ],
    ['alpaca', { instruction: 'Q', output: 'A' }, { kind: 'chat', messages: asked, tools: null }],
    [
      'alpaca with input',
      { instruction: 'Q', input: 'I', output: 'A' },
      { kind: 'chat', messages: [{ role: 'user', content: 'Q\n\nI' }, asked[1]], tools: null },
    ],
    ['prompt-completion', { prompt: 'P', completion: 'C' }, { kind: 'completion', prompt: 'P', completion: 'C' }],
    ['text', { text: 'T' }, { kind: 'text', text: 'T' }],
  ])('%s', async (_, row, content) => {
    expect(await parse(`\n${JSON.stringify(row)}\n`)).toEqual([{ source: { file: 'a.jsonl', line: 2 }, ...content }]);
  });

  it('passes further fields of a message and tools on to the template', async () => {
    const messages = [{ role: 'assistant', content: '', tool_calls: [{ name: 'f' }] }];
    const [example] = await parse(JSON.stringify({ messages, tools: [{ name: 'f' }] }));
    expect(example).toMatchObject({ messages, tools: [{ name: 'f' }] });
  });

  it('takes the format that it is told, though another fits', async () => {
    const row = JSON.stringify({ messages: asked, text: 'T' });
    expect(await parse(row, { format: 'text' })).toMatchObject([{ kind: 'text', text: 'T' }]);
  });

  it('reads the same from CSV, lists as JSON', async () => {
    const quoted = `"${JSON.stringify(asked).replaceAll('"', '""')}"`;
    const options = { file: 'a.csv', encoding: 'csv' } as const;
    expect(await parse(`messages,tools\n${quoted},\n`, options)).toMatchObject([
      { source: { file: 'a.csv', line: 2 }, kind: 'chat', messages: asked, tools: null },
    ]);
    expect(await parse('instruction,input,output\nQ,,A\n', options)).toMatchObject([{ messages: asked }]);
  });
});

describe('bad rows, by file and line', () => {
  it.each([
    ['{"text": "secret"', 'engine/data-not-json', 'a.jsonl:1 is not valid JSON.'],
    ['{"text":"a"}\n[1]', 'engine/data-not-json', 'a.jsonl:2 is a JSON array, not an object.'],
    ['"secret"', 'engine/data-not-json', 'a.jsonl:1 is a bare JSON value, not an object.'],
    ['{"foo":1,"bar":2}', 'engine/data-unknown-format', 'a.jsonl:1 fits no data format: it has the fields foo, bar.'],
    ['{"text":"a"}\n\n{"t":"a"}', 'engine/data-missing-field', 'a.jsonl:3 lacks the field text (format text).'],
    [
      '{"messages":[{"role":"user","content":"a"},{"role":"assistant"}]}',
      'engine/data-missing-field',
      'a.jsonl:1 lacks the field messages[1].content (format chat).',
    ],
    [
      '{"messages":[{"role":"user","content":"secret"}]}',
      'engine/data-bad-field',
      'a.jsonl:1: the field messages has no message of the role assistant (format chat).',
    ],
    [
      '{"conversations":[{"from":"alien","value":"a"}]}',
      'engine/data-bad-field',
      'a.jsonl:1: the field conversations[0].from is none of system, human, user, gpt, assistant, tool (format sharegpt).',
    ],
    ['{"text":""}', 'engine/data-bad-field', 'a.jsonl:1: the field text is empty (format text).'],
    ['\n \n', 'engine/data-empty', 'a.jsonl holds no example.'],
    ['', 'engine/data-empty', 'a.jsonl holds no example.'],
  ])('%j', async (text, code, message) => {
    expect(await errorOf(text)).toMatchObject({ code, message });
  });

  it('names the type where a field has the wrong one', async () => {
    expect(await errorOf('{"prompt":"a","completion":7}')).toMatchObject({
      code: 'engine/data-bad-field',
      message: expect.stringMatching(/^a\.jsonl:1: the field completion is wrong: .*expected string, received number/),
      info: { file: 'a.jsonl', line: 1, field: 'completion', format: 'prompt-completion' },
    });
  });

  it('refuses a list that is no JSON in CSV', async () => {
    expect(await errorOf('messages\nhello\n', { file: 'a.csv', encoding: 'csv' })).toMatchObject({
      code: 'engine/data-bad-field',
      message: 'a.csv:2: the field messages is not valid JSON (format chat).',
    });
  });

  it('gives the good rows before a bad one', async () => {
    const seen: DataExample[] = [];
    const reading = (async () => {
      for await (const example of parseExamples(['{"text":"a"}\nno'], { file: 'f', encoding: 'jsonl' }))
        seen.push(example);
    })();
    await expect(reading).rejects.toThrow('f:2');
    expect(seen).toHaveLength(1);
  });
});
