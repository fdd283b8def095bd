import { BaseError } from '@skein/core';
import type { Chat } from './chat-message.ts';
import type { ChatTemplate } from './chat-template.ts';
import { locateTokens, startsWith, type TokenRange } from './locate-tokens.ts';
import type { TokenizedExample } from './tokenized-example.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A model's words: its tokenizer and, for chats, its template. */
export interface Vocabulary {
  readonly tokenizer: Tokenizer;
  /** Null for a base model, which has none and can't take chats. */
  readonly template: ChatTemplate | null;
}

/**
 * Encodes a conversation and counts the assistant's answers: where the template has `{% generation %}` exactly what
 * stands in it, as transformers' `assistant_masks`; otherwise by the difference of prefixes, up to the token that ends
 * the turn.
 * @throws BaseError `engine/chat-prefix-unstable` where a turn is rendered or encoded differently once others follow;
 *   `engine/chat-template-failed`; `engine/answer-unaligned`.
 */
export function labelChat(
  chat: Chat,
  { tokenizer, template }: { readonly tokenizer: Tokenizer; readonly template: ChatTemplate },
): Pick<TokenizedExample, 'ids' | 'counted'> {
  const marked = template.marksAnswers ? template.renderMarked(chat) : { text: template.render(chat), answers: [] };
  const { text } = marked;
  const ids = tokenizer.encode(text, { addSpecialTokens: false });
  const ranges = template.marksAnswers
    ? marked.answers.map((span) => locateTokens(tokenizer, { text, ids }, span))
    : answersByPrefix(chat, { tokenizer, template }, { text, ids });
  const counted = new Uint8Array(ids.length);
  for (const range of ranges) counted.fill(1, range.start, range.end);
  counted.fill(0, 0, 1);
  return { ids, counted };
}

function answersByPrefix(
  chat: Chat,
  { tokenizer, template }: { tokenizer: Tokenizer; template: ChatTemplate },
  whole: { text: string; ids: Int32Array },
): TokenRange[] {
  const lengthInTokens = (index: number, part: string): number => {
    if (!whole.text.startsWith(part)) throw unstable(index, 'is written differently once later messages follow');
    const ids = tokenizer.encode(part, { addSpecialTokens: false });
    if (!startsWith(whole.ids, ids)) throw unstable(index, 'begins or ends inside a token');
    return ids.length;
  };
  const ranges: TokenRange[] = [];
  for (const [index, message] of chat.messages.entries()) {
    if (message.role !== 'assistant') continue;
    const before = { ...chat, messages: chat.messages.slice(0, index) };
    const start = lengthInTokens(index, template.render(before, { addGenerationPrompt: true }));
    const through = { ...chat, messages: chat.messages.slice(0, index + 1) };
    const end = lengthInTokens(index, template.render(through));
    ranges.push({ start, end: withoutTrailingBlank(tokenizer, whole.ids, { start, end }) });
  }
  return ranges;
}

/** Leaves out blank tokens behind the token that ends the turn (ChatML's line break): a model stops before them. */
function withoutTrailingBlank(tokenizer: Tokenizer, ids: Int32Array, range: TokenRange): number {
  let end = range.end;
  while (end > range.start && !tokenizer.specialIds.has(ids[end - 1] as number)) end--;
  const blank = tokenizer.decode(ids.subarray(end, range.end)).trim() === '';
  return blank && end > range.start ? end : range.end;
}

function unstable(index: number, what: string): BaseError {
  const message = `Message ${index + 1} ${what}, so it can't be told which tokens are the assistant's.`;
  return new BaseError('engine/chat-prefix-unstable', message, {
    info: { message: index + 1 },
    hints: [
      "Mark the assistant's text with {% generation %} … {% endgeneration %} in the chat template.",
      'Or give each answer a row of its own, and begin and end answers without blanks.',
    ],
  });
}
