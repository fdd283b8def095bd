import { z } from 'zod';
import { type ChatMessage, chatMessage } from './chat-message.ts';
import type { DataSource } from './data-row.ts';

/** One row as training sees it, whatever format it came in. */
export type DataExample = { readonly source: DataSource } & ExampleContent;

export type ExampleContent =
  | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[]; readonly tools: readonly unknown[] | null }
  | { readonly kind: 'completion'; readonly prompt: string; readonly completion: string }
  | { readonly kind: 'text'; readonly text: string };

/** How one format looks and what it means. */
interface FormatRule {
  /** A row that has all of these is taken for this format. */
  readonly fields: readonly string[];
  /** Fields that hold lists; CSV writes them as JSON. */
  readonly listFields: readonly string[];
  readonly schema: z.ZodType<ExampleContent>;
}

const tools = z
  .array(z.unknown())
  .nullish()
  .transform((list) => list ?? null);

const messages = z
  .array(chatMessage)
  .refine((turns) => turns.some((turn) => turn.role === 'assistant'), 'has no message of the role assistant');

const chat = z.object({ messages, tools }).transform((row) => ({ kind: 'chat' as const, ...row }));

const SHAREGPT_ROLES: Readonly<Record<string, string>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
  tool: 'tool',
};

const shareGptTurn = z
  .object({
    from: z.enum(Object.keys(SHAREGPT_ROLES), `is none of ${Object.keys(SHAREGPT_ROLES).join(', ')}`),
    value: z.string(),
  })
  .transform((turn): ChatMessage => ({ role: SHAREGPT_ROLES[turn.from] as string, content: turn.value }));

const shareGpt = z
  .object({
    conversations: z
      .array(shareGptTurn)
      .refine((turns) => turns.some((turn) => turn.role === 'assistant'), 'has no turn from gpt'),
    system: z.string().nullish(),
    tools,
  })
  .transform((row) => ({
    kind: 'chat' as const,
    messages: [...(row.system ? [{ role: 'system', content: row.system }] : []), ...row.conversations],
    tools: row.tools,
  }));

// Alpaca's own prompt ("Below is an instruction …") belongs to models without a chat template; ours have one.
const alpaca = z
  .object({ instruction: z.string(), input: z.string().nullish(), output: z.string() })
  .transform((row) => ({
    kind: 'chat' as const,
    messages: [
      { role: 'user', content: row.input ? `${row.instruction}\n\n${row.input}` : row.instruction },
      { role: 'assistant', content: row.output },
    ],
    tools: null,
  }));

const promptCompletion = z
  .object({ prompt: z.string(), completion: z.string() })
  .transform((row) => ({ kind: 'completion' as const, ...row }));

const text = z.object({ text: z.string().min(1, 'is empty') }).transform((row) => ({ kind: 'text' as const, ...row }));

/**
 * The data formats, in the order in which they are tried on a file's first row:
 * `chat` {messages: [{role, content}]} · `sharegpt` {conversations: [{from, value}]} · `alpaca` {instruction, input?,
 * output} · `prompt-completion` {prompt, completion} · `text` {text}. Further fields are allowed and ignored.
 */
export const DATA_FORMATS = {
  chat: { fields: ['messages'], listFields: ['messages', 'tools'], schema: chat },
  sharegpt: { fields: ['conversations'], listFields: ['conversations', 'tools'], schema: shareGpt },
  alpaca: { fields: ['instruction', 'output'], listFields: [], schema: alpaca },
  'prompt-completion': { fields: ['prompt', 'completion'], listFields: [], schema: promptCompletion },
  text: { fields: ['text'], listFields: [], schema: text },
} as const satisfies Readonly<Record<string, FormatRule>>;

export type DataFormat = keyof typeof DATA_FORMATS;

export const DATA_FORMAT_NAMES = Object.keys(DATA_FORMATS) as readonly DataFormat[];

/** The format that a row's fields fit, or null. */
export function detectFormat(fields: Readonly<Record<string, unknown>>): DataFormat | null {
  const fits = (format: DataFormat): boolean =>
    DATA_FORMATS[format].fields.every((name) => Object.hasOwn(fields, name));
  return DATA_FORMAT_NAMES.find(fits) ?? null;
}
