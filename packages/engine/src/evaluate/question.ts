import { BaseError } from '@skein/core';
import type { DataExample } from '../data/data-format.ts';
import { type DataSource, placeOf } from '../data/data-row.ts';
import type { Vocabulary } from '../data/label-chat.ts';

/** A prompt with the answer that is expected. */
export interface Question {
  readonly source: DataSource;
  readonly prompt: Int32Array;
  readonly expected: string;
}

/**
 * What can be asked of an example: of a chat its last message, where it is the assistant's, after all before it; of
 * prompt and completion the completion. Null for text, which asks nothing.
 * @throws BaseError `engine/chat-template-missing` for a chat without a template; `engine/chat-template-failed`.
 */
export function questionOf(example: DataExample, { tokenizer, template }: Vocabulary): Question | null {
  const { source } = example;
  if (example.kind === 'text') return null;
  if (example.kind === 'completion') {
    return { source, prompt: tokenizer.encode(example.prompt), expected: example.completion };
  }
  const answer = example.messages.at(-1);
  if (answer?.role !== 'assistant') return null;
  if (template === null) {
    throw new BaseError('engine/chat-template-missing', `${placeOf(source)}: the model has no chat template.`, {
      info: { ...source },
      hints: ['Put a chat_template.jinja into the model folder, or use rows of prompt and completion.'],
    });
  }
  const before = { messages: example.messages.slice(0, -1), tools: example.tools };
  const text = template.render(before, { addGenerationPrompt: true });
  return { source, prompt: tokenizer.encode(text, { addSpecialTokens: false }), expected: answer.content };
}
