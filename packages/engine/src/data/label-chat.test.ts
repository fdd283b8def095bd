import { describe, expect, it } from 'vitest';
import vectors from '../../../../test/vectors/transformers-text/expected.json' with { type: 'json' };
import type { ChatMessage } from './chat-message.ts';
import { labelChat } from './label-chat.ts';
import { locateTokens } from './locate-tokens.ts';
import { CHATML, MARKED_CHATML, vectorTemplate, vectorTokenizer as tokenizer } from './testing/vector-vocabulary.ts';

const turns: ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'What is a fever?' },
  { role: 'assistant', content: 'High temperature.' },
  { role: 'user', content: 'Why?' },
  { role: 'assistant', content: '患者 👩‍⚕️' },
];

function countedTexts(template: string, messages: readonly ChatMessage[]): string[] {
  const { ids, counted } = labelChat({ messages }, { tokenizer, template: vectorTemplate(template) });
  const texts: string[] = [];
  for (let start = 0; start < ids.length; start++) {
    if (counted[start] !== 1) continue;
    let end = start;
    while (counted[end] === 1) end++;
    texts.push(tokenizer.decode(ids.subarray(start, end)));
    start = end;
  }
  return texts;
}

describe('with {% generation %}', () => {
  it("equals transformers' assistant_masks on every vector", () => {
    const marked = vectors.renders.filter((row) => 'mask' in row);
    expect(marked.length).toBeGreaterThan(200);
    for (const row of marked as {
      template: keyof typeof vectors.templates;
      messages: ChatMessage[];
      add_generation_prompt: boolean;
      ids: number[];
      mask: number[];
    }[]) {
      const { text, answers } = vectorTemplate(vectors.templates[row.template]).renderMarked(row, {
        addGenerationPrompt: row.add_generation_prompt,
      });
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      expect([...ids]).toEqual(row.ids);
      const mask = Array.from(ids, () => 0);
      for (const span of answers) {
        const { start, end } = locateTokens(tokenizer, { text, ids }, span);
        mask.fill(1, start, end);
      }
      expect(mask, JSON.stringify(text)).toEqual(row.mask);
    }
  });

  it('counts the answers and the end of each turn', () => {
    expect(countedTexts(MARKED_CHATML, turns)).toEqual(['High temperature.<|im_end|>', '患者 👩‍⚕️<|im_end|>']);
  });

  it('counts a token that reaches over the edge of an answer', () => {
    const merged = '{% for m in messages %}x\n{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}';
    // "\n" and "\n\t" are one token together.
    expect(tokenizer.encode('\n\n\t')).toHaveLength(2);
    expect(countedTexts(merged, [{ role: 'assistant', content: '\n\ta' }])).toEqual([
      tokenizer.decode(tokenizer.encode('\n\n\ta')),
    ]);
  });
});

describe('by the difference of prefixes', () => {
  it('counts the same tokens as marks around answer and end of turn', () => {
    const marked = labelChat({ messages: turns }, { tokenizer, template: vectorTemplate(MARKED_CHATML) });
    expect(labelChat({ messages: turns }, { tokenizer, template: vectorTemplate(CHATML) })).toEqual(marked);
  });

  it('counts the last token where a template ends turns without a special token', () => {
    const plain =
      "{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}";
    expect(countedTexts(plain, turns.slice(1, 3))).toEqual([' High temperature.\n']);
  });

  it('refuses a template that writes earlier turns differently', () => {
    const forgetful =
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if loop.last and m.role == 'assistant' %}<think>{% endif %}{{ m.content + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    const template = vectorTemplate(forgetful);
    expect(() => labelChat({ messages: turns }, { tokenizer, template })).toThrow(
      expect.objectContaining({ code: 'engine/chat-prefix-unstable', info: { message: 3 } }),
    );
    expect(labelChat({ messages: turns.slice(0, 3) }, { tokenizer, template }).counted).toContain(1);
  });

  it('refuses an answer whose first token reaches into the header', () => {
    const messages = [turns[1] as ChatMessage, { role: 'assistant', content: '\n\tindented' }];
    expect(() => labelChat({ messages }, { tokenizer, template: vectorTemplate(CHATML) })).toThrow(
      expect.objectContaining({
        code: 'engine/chat-prefix-unstable',
        message: expect.stringContaining('inside a token'),
      }),
    );
  });
});
