import { BaseError } from '@skein/core';
import { z } from 'zod';

const templateField = z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]);

/**
 * The template of a model folder: chat_template.jinja before `chat_template` in tokenizer_config.json, which is one
 * template or a list of named ones; the order of precedence is transformers'.
 * @param jinja text of chat_template.jinja, or null where the folder has none.
 * @param tokenizerConfig the parsed tokenizer_config.json.
 * @param name which of several.
 * @returns the template's text, or null where the model has none (a base model).
 * @throws BaseError `engine/chat-template-malformed`, or `engine/chat-template-missing` where none has that name.
 */
export function chatTemplateSource(
  jinja: string | null,
  tokenizerConfig: unknown,
  name: string = 'default',
): string | null {
  if (jinja !== null) return jinja;
  if (typeof tokenizerConfig !== 'object' || tokenizerConfig === null) return null;
  const field = 'chat_template' in tokenizerConfig ? tokenizerConfig.chat_template : null;
  if (field === null || field === undefined) return null;

  const parsed = templateField.safeParse(field);
  if (!parsed.success) {
    throw new BaseError(
      'engine/chat-template-malformed',
      'chat_template in tokenizer_config.json is neither a template nor a list of named templates.',
      { hints: ['Correct the field, or put the template into chat_template.jinja beside it.'] },
    );
  }
  if (typeof parsed.data === 'string') return parsed.data;
  const found = parsed.data.find((entry) => entry.name === name);
  if (found !== undefined) return found.template;
  const names = parsed.data.map((entry) => entry.name);
  throw new BaseError('engine/chat-template-missing', `tokenizer_config.json has no chat template named ${name}.`, {
    info: { name, names },
    hints: [`Choose one of: ${names.join(', ')}.`],
  });
}
