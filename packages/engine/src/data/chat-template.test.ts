import { describe, expect, it } from 'vitest';
import vectors from '../../../../test/vectors/transformers-text/expected.json' with { type: 'json' };
import tokenizerVectors from '../../../../test/vectors/tokenizer/expected.json' with { type: 'json' };
import type { ChatMessage } from './chat-message.ts';
import { createChatTemplate } from './chat-template.ts';
import { MARKED_CHATML, vectorTemplate } from './testing/vector-vocabulary.ts';

interface Render {
  readonly template: keyof typeof vectors.templates;
  readonly messages: ChatMessage[];
  readonly tools: unknown[] | null;
  readonly add_generation_prompt: boolean;
  readonly text?: string;
  readonly error?: string;
}
const renders = vectors.renders as readonly Render[];
const chat: ChatMessage[] = [
  { role: 'user', content: 'hi' },
  { role: 'assistant', content: 'ho' },
];

describe('rendering', () => {
  it('equals transformers on every vector, with and without marks', () => {
    expect(renders.filter(({ text }) => text !== undefined).length).toBeGreaterThan(200);
    for (const { template, messages, tools, add_generation_prompt: addGenerationPrompt, text } of renders) {
      if (text === undefined) continue;
      const compiled = vectorTemplate(vectors.templates[template]);
      expect(compiled.render({ messages, tools }, { addGenerationPrompt }), template).toBe(text);
      expect(compiled.renderMarked({ messages, tools }, { addGenerationPrompt }).text, template).toBe(text);
    }
  });

  it('passes on the reason where a template raises one', () => {
    const raising = renders.filter(({ error }) => error !== undefined);
    expect(raising.length).toBeGreaterThan(0);
    for (const { template, messages, error } of raising) {
      const compiled = vectorTemplate(vectors.templates[template]);
      expect(() => compiled.render({ messages })).toThrow(
        expect.objectContaining({
          code: 'engine/chat-template-failed',
          message: expect.stringContaining(error as string),
        }),
      );
    }
  });

  it('gives the template the variables and the date that it is told', () => {
    const compiled = createChatTemplate("{{ strftime_now('%d %b %Y') }} {{ mood }}{{ bos_token }}", {
      specialTokens: { bos_token: '<s>' },
      variables: { mood: 'calm' },
      now: () => new Date(2026, 10, 3),
    });
    expect(compiled.render({ messages: [] })).toBe('03 Nov 2026 calm<s>');
  });

  it('refuses a template that is none', () => {
    expect(() => vectorTemplate('{% for %}')).toThrow(
      expect.objectContaining({ code: 'engine/chat-template-malformed' }),
    );
  });
});

describe('marks', () => {
  it('are the text between the tags', () => {
    const template = vectorTemplate(MARKED_CHATML);
    expect(template.marksAnswers).toBe(true);
    const { text, answers } = template.renderMarked({ messages: [...chat, ...chat] });
    expect(answers.map(({ start, end }) => text.slice(start, end))).toEqual(['ho<|im_end|>', 'ho<|im_end|>']);
  });

  it('survive messages that hold the marks themselves', () => {
    const odd = '\ufdd0a\ufdd1b\ufdd3';
    const { text, answers } = vectorTemplate(MARKED_CHATML).renderMarked({
      messages: [{ role: 'assistant', content: odd }],
    });
    expect(answers.map(({ start, end }) => text.slice(start, end))).toEqual([`${odd}<|im_end|>`]);
  });

  it('are absent from a template without tags', () => {
    const template = vectorTemplate('{% for m in messages %}{{ m.content }}{% endfor %}');
    expect(template.marksAnswers).toBe(false);
    expect(template.renderMarked({ messages: chat })).toEqual({ text: 'hiho', answers: [] });
  });
});

it('the chats of the tokenizer vectors say what their template gives', () => {
  // The template of that folder adds a system message where there is none; here it is written by hand.
  const plain = vectorTemplate(
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  );
  for (const { messages, text, add_generation_prompt: addGenerationPrompt } of tokenizerVectors.chats) {
    const first = { role: 'system', content: 'You are a helpful assistant.' };
    const whole = messages[0]?.role === 'system' ? messages : [first, ...messages];
    expect(plain.render({ messages: whole }, { addGenerationPrompt })).toBe(text);
  }
});
