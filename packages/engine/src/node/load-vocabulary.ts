import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError } from '@skein/core';
import { type ChatTemplateOptions, createChatTemplate } from '../data/chat-template.ts';
import { chatTemplateSource } from '../data/chat-template-source.ts';
import type { Vocabulary } from '../data/label-chat.ts';
import { createTokenizer } from '../data/tokenizer.ts';

/**
 * Opens the tokenizer and the chat template of a model folder: tokenizer.json, and where present
 * tokenizer_config.json and chat_template.jinja.
 * @throws BaseError `engine/tokenizer-missing` without a tokenizer.json, `engine/tokenizer-malformed` for a file that is
 *   no JSON, and those of `createTokenizer`, `chatTemplateSource` and `createChatTemplate`.
 */
export async function loadVocabulary(
  folder: string,
  options: Omit<ChatTemplateOptions, 'specialTokens'> = {},
): Promise<Vocabulary> {
  const json = await readOptional(folder, 'tokenizer.json');
  if (json === null) {
    throw new BaseError('engine/tokenizer-missing', `${folder} has no tokenizer.json.`, {
      info: { folder },
      hints: ["Download the model's tokenizer.json; a vocabulary in another form must be converted first."],
    });
  }
  const config = await readOptional(folder, 'tokenizer_config.json');
  const tokenizerConfig = config === null ? {} : parseJson(config, join(folder, 'tokenizer_config.json'));
  const tokenizer = createTokenizer(parseJson(json, join(folder, 'tokenizer.json')), tokenizerConfig);
  const source = chatTemplateSource(await readOptional(folder, 'chat_template.jinja'), tokenizerConfig);
  const { specialTokens } = tokenizer;
  return { tokenizer, template: source === null ? null : createChatTemplate(source, { ...options, specialTokens }) };
}

async function readOptional(folder: string, name: string): Promise<string | null> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BaseError('engine/tokenizer-malformed', `${file} is not valid JSON.`, {
      info: { file },
      hints: ['Fetch the file again; the download may have been cut short.'],
      cause,
    });
  }
}
