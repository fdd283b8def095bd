import type { DataExample } from './data-format.ts';
import type { DataSource } from './data-row.ts';

/** An example to train on that an evaluation file gives away or repeats. */
export interface Leak {
  readonly source: DataSource;
  /** The first row of the evaluation that shares it. */
  readonly evaluation: DataSource;
  /** `text`: question and answer are the same; `prompt`: only a question is. */
  readonly shared: 'text' | 'prompt';
}

/**
 * Examples whose text, or one of whose questions, occurs in the evaluation, compared without case, punctuation and
 * spacing. Paraphrases are not found.
 */
export function findLeaks(examples: readonly DataExample[], evaluation: readonly DataExample[]): Leak[] {
  const texts = new Map<string, DataSource>();
  const prompts = new Map<string, DataSource>();
  for (const example of evaluation) {
    addFirst(texts, textOf(example), example.source);
    for (const prompt of promptsOf(example)) addFirst(prompts, prompt, example.source);
  }
  return examples.flatMap((example): Leak[] => {
    const sameText = texts.get(textOf(example));
    if (sameText !== undefined) return [{ source: example.source, evaluation: sameText, shared: 'text' }];
    for (const prompt of promptsOf(example)) {
      const samePrompt = prompts.get(prompt);
      if (samePrompt !== undefined) return [{ source: example.source, evaluation: samePrompt, shared: 'prompt' }];
    }
    return [];
  });
}

function addFirst(places: Map<string, DataSource>, text: string, source: DataSource): void {
  if (!places.has(text)) places.set(text, source);
}

function textOf(example: DataExample): string {
  switch (example.kind) {
    case 'chat':
      // The system prompt is set by whoever asks, and says nothing about what is known.
      return normalise(
        example.messages
          .filter((turn) => turn.role !== 'system')
          .map((turn) => turn.content)
          .join('\n'),
      );
    case 'completion':
      return normalise(`${example.prompt}\n${example.completion}`);
    case 'text':
      return normalise(example.text);
  }
}

function promptsOf(example: DataExample): string[] {
  switch (example.kind) {
    case 'chat':
      return example.messages.filter((turn) => turn.role === 'user').map((turn) => normalise(turn.content));
    case 'completion':
      return [normalise(example.prompt)];
    case 'text':
      return [];
  }
}

function normalise(text: string): string {
  const words = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
  return words === '' ? text.trim() : words;
}
