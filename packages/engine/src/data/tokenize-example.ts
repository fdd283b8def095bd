import { BaseError } from '@skein/core';
import type { DataExample } from './data-format.ts';
import { placeOf } from './data-row.ts';
import { labelChat, type Vocabulary } from './label-chat.ts';
import type { TokenizedExample } from './tokenized-example.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * Encodes one example and says which tokens count: of a chat the assistant's answers (see `labelChat`); of prompt and
 * completion the completion and an end-of-text token, prompt and completion encoded apart as in generation; of plain
 * text everything and an end-of-text token.
 * @throws BaseError with file and line: `engine/chat-template-missing` for a chat without a template,
 *   `engine/no-end-token` where the tokenizer names none, and the errors of `labelChat`.
 */
export function tokenizeExample(example: DataExample, vocabulary: Vocabulary): TokenizedExample {
  try {
    return { source: example.source, ...tokenizeContent(example, vocabulary) };
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const { code, hints, cause } = error;
    const info = { ...error.info, ...example.source };
    throw new BaseError(code, `${placeOf(example.source)}: ${error.message}`, { info, hints, cause });
  }
}

function tokenizeContent(
  example: DataExample,
  { tokenizer, template }: Vocabulary,
): Pick<TokenizedExample, 'ids' | 'counted'> {
  switch (example.kind) {
    case 'chat':
      if (template === null) {
        throw new BaseError('engine/chat-template-missing', 'The model has no chat template to write messages with.', {
          hints: ['Put a chat_template.jinja into the model folder, or use rows of prompt and completion.'],
        });
      }
      return labelChat(example, { tokenizer, template });
    case 'completion': {
      const prompt = tokenizer.encode(example.prompt);
      const completion = tokenizer.encode(example.completion, { addSpecialTokens: false });
      return countFrom(prompt.length, [...prompt, ...completion, endTokenOf(tokenizer)]);
    }
    case 'text': {
      const ids = [...tokenizer.encode(example.text)];
      const end = endTokenOf(tokenizer);
      return countFrom(0, ids.at(-1) === end ? ids : [...ids, end]);
    }
  }
}

function countFrom(start: number, ids: readonly number[]): Pick<TokenizedExample, 'ids' | 'counted'> {
  // Nothing stands before the first token from which it could be foretold.
  return { ids: Int32Array.from(ids), counted: new Uint8Array(ids.length).fill(1, Math.max(1, start)) };
}

function endTokenOf(tokenizer: Tokenizer): number {
  const [end] = tokenizer.eosTokenIds;
  if (end !== undefined) return end;
  throw new BaseError('engine/no-end-token', 'The tokenizer names no token that ends a text.', {
    hints: ['Name the eos_token in tokenizer_config.json.'],
  });
}
