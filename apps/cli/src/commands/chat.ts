import { createInterface } from 'node:readline';
import { BaseError } from '@skein/core';
import type { ChatMessage, ChatTemplate } from '@skein/engine';
import { type CommandContext, defineCommand, type Values } from '../command.ts';
import { MODEL_OPTIONS, RUNTIME_OPTIONS, SAMPLING_OPTIONS, WEIGHTS_OPTION } from '../shared-options.ts';
import { samplingRandom, streamAnswer } from '../stream-answer.ts';
import { type OpenModel, withModel } from '../with-model.ts';

const OPTIONS = {
  ...MODEL_OPTIONS,
  system: { kind: 'text', value: 'TEXT', help: 'A system message to begin with' },
  ...SAMPLING_OPTIONS,
  ...WEIGHTS_OPTION,
  ...RUNTIME_OPTIONS,
} as const;

export const chat = defineCommand({
  name: 'chat',
  summary: 'talk with a model',
  description: [
    'Every line is a message; the model sees the whole conversation. /reset forgets it, /adapter DIR goes on with ' +
      'another adapter and /adapter with none, /exit or the end of input ends it. In a pipe, each line of stdin is ' +
      'answered on a line of stdout.',
  ],
  options: OPTIONS,
  examples: [
    { line: 'skein chat --model qwen --adapter runs/first/adapter', does: 'talks with an adapted model' },
    { line: 'skein chat --model qwen --json < questions.txt', does: 'prints the whole conversation as an object' },
  ],
  run: (values, context) =>
    withModel(values, context, async (open) => ({ json: { messages: await talk(open, values, context) } })),
});

async function talk(
  open: OpenModel,
  values: Values<typeof OPTIONS>,
  { terminal, json, signal }: CommandContext,
): Promise<ChatMessage[]> {
  const template = templateOf(open);
  const random = samplingRandom(values);
  const opening: ChatMessage[] = values.system === undefined ? [] : [{ role: 'system', content: values.system }];
  let messages = [...opening];
  const atTerminal = terminal.input.isTTY && terminal.talk.isTTY;
  const lines = createInterface({ input: terminal.input, output: terminal.talk, terminal: atTerminal, prompt: '> ' });
  // While a line is edited, Ctrl-C comes as a key.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  signal.addEventListener('abort', () => lines.close());
  if (atTerminal) lines.prompt();
  for await (const line of lines) {
    if (line === '/exit') break;
    if (line === '/reset') messages = [...opening];
    else if (/^\/adapter( |$)/.test(line)) await swapAdapter(open, line, atTerminal ? terminal.talk : null);
    else if (line.trim() !== '') {
      messages.push({ role: 'user', content: line });
      const text = template.render({ messages }, { addGenerationPrompt: true });
      const answer = await streamAnswer(open, {
        ids: open.vocabulary.tokenizer.encode(text, { addSpecialTokens: false }),
        sampling: values,
        random,
        onText: (piece) => {
          if (!json) terminal.write(piece);
        },
        signal,
      });
      messages.push({ role: 'assistant', content: answer.text });
      if (!json) terminal.write('\n');
    }
    if (atTerminal) lines.prompt();
  }
  lines.close();
  signal.throwIfAborted();
  return messages;
}

/** A name that can't be used ends a pipe, but not a conversation at a terminal. */
async function swapAdapter(open: OpenModel, line: string, out: { write(text: string): unknown } | null): Promise<void> {
  try {
    await open.useAdapter(line.slice('/adapter'.length).trim() || null);
  } catch (error) {
    if (out === null || !(error instanceof BaseError)) throw error;
    out.write(`${error.message}\n`);
  }
}

function templateOf({ vocabulary, folder }: OpenModel): ChatTemplate {
  if (vocabulary.template !== null) return vocabulary.template;
  throw new BaseError('engine/chat-template-missing', `${folder.path} has no chat template.`, {
    hints: ['Put a chat_template.jinja into the model folder, or use "skein generate".'],
  });
}
