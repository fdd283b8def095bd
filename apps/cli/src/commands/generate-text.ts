import { BaseError } from '@skein/core';
import type { Vocabulary } from '@skein/engine';
import { defineCommand } from '../command.ts';
import { readInput } from '../read-input.ts';
import { MODEL_OPTIONS, RUNTIME_OPTIONS, SAMPLING_OPTIONS, WEIGHTS_OPTION } from '../shared-options.ts';
import { samplingRandom, streamAnswer } from '../stream-answer.ts';
import { withModel } from '../with-model.ts';

export const generateText = defineCommand({
  name: 'generate',
  summary: 'continue a prompt',
  description: ['Prints the continuation as it comes. The prompt is taken from stdin where none is given.'],
  options: {
    ...MODEL_OPTIONS,
    prompt: { kind: 'text', value: 'TEXT', help: 'The text to continue' },
    ask: { kind: 'flag', help: "Put the prompt as a user's message into the model's chat template" },
    ...SAMPLING_OPTIONS,
    ...WEIGHTS_OPTION,
    ...RUNTIME_OPTIONS,
  },
  examples: [
    { line: 'skein generate --model qwen --prompt "Once upon a time"', does: 'continues the text, greedily' },
    {
      line: 'echo "Who runs the ward?" | skein generate --model qwen --adapter runs/first/adapter --ask',
      does: 'answers a question from stdin with an adapter',
    },
  ],
  run: async (values, { terminal, json, signal }) => {
    const prompt = values.prompt ?? (await readInput(terminal.input)).replace(/\r?\n$/, '');
    return withModel(values, { terminal, signal }, async (open) => {
      const ids = values.ask ? askedIds(open.vocabulary, prompt) : open.vocabulary.tokenizer.encode(prompt);
      if (ids.length === 0) {
        throw new BaseError('cli/empty-prompt', 'The prompt is empty.', {
          hints: ['Give --prompt TEXT, or text on stdin.'],
        });
      }
      const { text, tokens } = await streamAnswer(open, {
        ids,
        sampling: values,
        random: samplingRandom(values),
        onText: (piece) => {
          if (!json) terminal.write(piece);
        },
        signal,
      });
      if (!json) terminal.write('\n');
      return { json: { prompt, text, promptTokens: ids.length, tokens } };
    });
  },
});

function askedIds({ tokenizer, template }: Vocabulary, prompt: string): Int32Array {
  if (template === null) {
    throw new BaseError('engine/chat-template-missing', 'The model has no chat template, which --ask needs.', {
      hints: ['Leave out --ask, or put a chat_template.jinja into the model folder.'],
    });
  }
  const text = template.render({ messages: [{ role: 'user', content: prompt }] }, { addGenerationPrompt: true });
  return tokenizer.encode(text, { addSpecialTokens: false });
}
