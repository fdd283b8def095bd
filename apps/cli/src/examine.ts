import { BaseError } from '@skein/core';
import {
  answerQuestions,
  type DataExample,
  heldOutLoss,
  prepareExamples,
  type Question,
  questionOf,
  type TokenizedExample,
  type Vocabulary,
} from '@skein/engine';
import {
  assertVocabularyFits,
  type FineTuneOptions,
  loadVocabulary,
  type PreparedFineTune,
  readDataFiles,
  readStopIds,
} from '@skein/engine/node';
import type { Terminal } from './terminal.ts';

/** Rows that are generated or measured at once. */
const BATCH = 16;

/** Held-out questions, ready to be asked. */
export interface Exam {
  readonly vocabulary: Vocabulary;
  readonly stopIds: ReadonlySet<number>;
  readonly examples: readonly TokenizedExample[];
  readonly questions: readonly (Question & { readonly text: string })[];
}

/** How a model did. */
export interface Examined {
  readonly figures: {
    readonly questions: number;
    readonly exactMatch: number | null;
    readonly loss: number;
    readonly bitsPerByte: number | null;
  };
  readonly answers: readonly { readonly question: string; readonly answer: string; readonly expected: string }[];
}

/** Reads the questions of files. @throws BaseError `cli/no-questions` where they hold none. */
export async function readExam(
  { folder }: PreparedFineTune,
  files: readonly string[],
  { model, rows: { maxLength, overlong } }: FineTuneOptions,
): Promise<Exam> {
  const vocabulary = await loadVocabulary(model);
  const rows: DataExample[] = [];
  for await (const row of readDataFiles(files)) rows.push(row);
  const { examples } = await prepareExamples(rows, { ...vocabulary, maxLength, overlong });
  for (const { ids } of examples) assertVocabularyFits(folder, ids);
  const questions = rows.flatMap((row) => {
    const question = questionOf(row, vocabulary);
    return question === null ? [] : [{ ...question, text: textOf(row) }];
  });
  if (questions.length === 0) {
    throw new BaseError('cli/no-questions', `${files.join(', ')} asks nothing: no row ends with an expected answer.`, {
      hints: ['Use chats that end with an answer, or rows of prompt and completion.'],
    });
  }
  return { vocabulary, stopIds: await readStopIds(folder, vocabulary.tokenizer), examples, questions };
}

/** Asks all questions, and measures the loss on the same examples. */
export async function examine(
  { model }: PreparedFineTune,
  { vocabulary: { tokenizer }, stopIds, examples, questions }: Exam,
  { label, terminal, signal }: { readonly label: string; readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<Examined> {
  const { loss, bitsPerByte } = await heldOutLoss(model, { examples, tokenizer, batch: BATCH }, { signal });
  const bar = terminal.progress({ label: `questions ${label}`, unit: 'questions', total: questions.length });
  const answers = await answerQuestions(
    model,
    { questions, tokenizer, stopIds, batch: BATCH },
    { signal, onProgress: (done) => bar.update(done) },
  ).finally(() => bar.end());
  const right = answers.filter(({ matches }) => matches).length;
  return {
    figures: { questions: questions.length, exactMatch: right / questions.length, loss, bitsPerByte },
    answers: answers.map(({ answer, expected }, index) => ({
      question: questions[index]?.text ?? '',
      answer,
      expected,
    })),
  };
}

function textOf(row: DataExample): string {
  if (row.kind === 'chat') return row.messages.findLast(({ role }) => role === 'user')?.content ?? '';
  return row.kind === 'completion' ? row.prompt : row.text;
}
