import { expect, it } from 'vitest';
import { chatTemplateSource } from './chat-template-source.ts';

const named = {
  chat_template: [
    { name: 'default', template: 'plain' },
    { name: 'tool_use', template: 'with tools' },
  ],
};

it('takes the file before the field', () => {
  expect(chatTemplateSource('file', { chat_template: 'field' })).toBe('file');
  expect(chatTemplateSource(null, { chat_template: 'field' })).toBe('field');
});

it('takes the default of several, or the one named', () => {
  expect(chatTemplateSource(null, named)).toBe('plain');
  expect(chatTemplateSource(null, named, 'tool_use')).toBe('with tools');
});

it('gives null where a model has none', () => {
  expect(chatTemplateSource(null, {})).toBeNull();
  expect(chatTemplateSource(null, { chat_template: null })).toBeNull();
});

it('names the templates there are where another is asked for, and refuses what is none', () => {
  expect(() => chatTemplateSource(null, named, 'rag')).toThrow(
    expect.objectContaining({ code: 'engine/chat-template-missing', hints: ['Choose one of: default, tool_use.'] }),
  );
  expect(() => chatTemplateSource(null, { chat_template: 7 })).toThrow(
    expect.objectContaining({ code: 'engine/chat-template-malformed' }),
  );
});
