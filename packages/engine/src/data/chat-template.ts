import { Template } from '@huggingface/jinja';
import { BaseError, invariant } from '@skein/core';
import type { Chat } from './chat-message.ts';
import { strftime } from './strftime.ts';

/** Half-open range of UTF-16 units of a text. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

export interface ChatTemplateOptions {
  /** `bos_token`, `eos_token`, …: as `Tokenizer.specialTokens` gives them. */
  readonly specialTokens: Readonly<Record<string, string>>;
  /** More variables for the template, such as Qwen3's `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** What `strftime_now` formats; the time of rendering by default, so fix it where the same text must come out every day. */
  readonly now?: () => Date;
}

export interface RenderOptions {
  /** Ends the text with the header of an assistant's answer, for generation; false by default. */
  readonly addGenerationPrompt?: boolean;
}

/** A model's chat template, rendered as transformers renders it. */
export interface ChatTemplate {
  /** Whether the template marks the assistant's text with `{% generation %}`. */
  readonly marksAnswers: boolean;
  /** @throws BaseError `engine/chat-template-failed` with the template's own reason. */
  render(chat: Chat, options?: RenderOptions): string;
  /** As `render`, and which parts stand between `{% generation %}` and `{% endgeneration %}`: transformers' `assistant_masks`, in characters. */
  renderMarked(chat: Chat, options?: RenderOptions): { readonly text: string; readonly answers: readonly TextSpan[] };
}

const GENERATION_TAG = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g;

/**
 * Runs before the template. The library drops the tags; transformers compiles `{% generation %}` to a call block around
 * its content, which fixes the scope of variables set inside. The same is done here, with a macro that puts a mark
 * before and behind. The library's own `strftime_now` reads the clock and can only be replaced from within.
 */
const PRELUDE =
  '{% set strftime_now = skein_strftime_now %}' +
  '{% macro skein_generation() %}{{ skein_marks[0] }}{{ caller() }}{{ skein_marks[1] }}{% endmacro %}';

/**
 * Compiles a template.
 * @throws BaseError `engine/chat-template-malformed` where it is no valid template.
 */
export function createChatTemplate(source: string, options: ChatTemplateOptions): ChatTemplate {
  const marksAnswers = source.search(GENERATION_TAG) >= 0;
  const template = compile(source);
  const now = options.now ?? (() => new Date());

  function run(chat: Chat, { addGenerationPrompt = false }: RenderOptions, marks: readonly [string, string]): string {
    try {
      return template.render({
        ...options.specialTokens,
        tools: null,
        documents: null,
        ...options.variables,
        ...(chat.tools ? { tools: chat.tools } : {}),
        messages: chat.messages,
        add_generation_prompt: addGenerationPrompt,
        skein_strftime_now: (format: string) => strftime(now(), format),
        skein_marks: marks,
      });
    } catch (cause) {
      throw new BaseError('engine/chat-template-failed', `The chat template refuses the messages: ${reasonOf(cause)}`, {
        hints: ['Check the order and names of the roles; each model allows its own.'],
        cause,
      });
    }
  }

  return {
    marksAnswers,
    render: (chat, renderOptions = {}) => run(chat, renderOptions, ['', '']),
    renderMarked(chat, renderOptions = {}) {
      const marks = unusedMarks(source + JSON.stringify([chat, options.variables, options.specialTokens]));
      return cutMarks(run(chat, renderOptions, marks), marks);
    },
  };
}

function compile(source: string): Template {
  const calls = source.replace(GENERATION_TAG, (_, before: string, end: string | undefined, after: string) =>
    end === undefined ? `{%${before} call skein_generation() ${after}%}` : `{%${before} endcall ${after}%}`,
  );
  try {
    const template = new Template(calls);
    // Joined as syntax trees: text put before the template would change which of its first blanks are stripped.
    template.parsed.body.unshift(...new Template(PRELUDE).parsed.body);
    return template;
  } catch (cause) {
    throw new BaseError('engine/chat-template-malformed', `The chat template is not valid: ${reasonOf(cause)}`, {
      hints: ['Compare chat_template.jinja with the original of the model.'],
      cause,
    });
  }
}

/** Two of Unicode's noncharacters (U+FDD0 to U+FDEF) that the text doesn't hold. */
function unusedMarks(text: string): [string, string] {
  const unused: string[] = [];
  for (let code = 0xfdd0; code <= 0xfdef && unused.length < 2; code++) {
    const mark = String.fromCharCode(code);
    if (!text.includes(mark)) unused.push(mark);
  }
  const [open, close] = unused;
  if (open === undefined || close === undefined) {
    throw new BaseError('engine/chat-template-failed', 'The messages use all of the noncharacters U+FDD0 to U+FDEF.', {
      hints: ['Remove them: they are reserved for use inside of programs and mean nothing in a text.'],
    });
  }
  return [open, close];
}

function cutMarks(marked: string, [open, close]: readonly [string, string]): { text: string; answers: TextSpan[] } {
  const [before = '', ...rest] = marked.split(open);
  let text = before;
  const answers: TextSpan[] = [];
  for (const part of rest) {
    const end = part.indexOf(close);
    invariant(end >= 0, 'every {% generation %} has its end');
    answers.push({ start: text.length, end: text.length + end });
    text += part.slice(0, end) + part.slice(end + close.length);
  }
  return { text, answers };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
