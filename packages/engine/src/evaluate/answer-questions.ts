import type { Tokenizer } from '../data/tokenizer.ts';
import { generate } from '../generate/generate.ts';
import type { LanguageModel } from '../models/language-model.ts';
import { isExactMatch } from './exact-match.ts';
import type { EvaluationHooks } from './held-out-loss.ts';
import type { Question } from './question.ts';

/** Tokens that an answer may be longer than the expected one before it is cut off: enough to show that it goes on. */
const MARGIN = 8;

export interface Answer extends Question {
  readonly answer: string;
  readonly matches: boolean;
}

/**
 * Answers questions by greedy generation, those of similar length together.
 * @param options.batch how many at once.
 * @returns the answers in the order of the questions.
 */
export async function answerQuestions(
  model: LanguageModel,
  options: {
    readonly questions: readonly Question[];
    readonly tokenizer: Tokenizer;
    readonly stopIds: ReadonlySet<number>;
    readonly batch: number;
  },
  { onProgress, signal }: EvaluationHooks = {},
): Promise<Answer[]> {
  const { questions, tokenizer, stopIds, batch } = options;
  const order = [...questions.keys()].toSorted((a, b) => promptLength(questions, a) - promptLength(questions, b));
  const answers: Answer[] = [];
  for (let start = 0; start < order.length; start += batch) {
    const some = order.slice(start, start + batch);
    const asked = some.map((index) => questions[index] as Question);
    const expectedLengths = asked.map(({ expected }) => tokenizer.encode(expected, { addSpecialTokens: false }).length);
    const generated = await generate(
      model,
      asked.map(({ prompt }) => [...prompt]),
      { maxNewTokens: Math.max(...expectedLengths) + MARGIN, stopIds, ...(signal && { signal }) },
    );
    for (const [row, index] of some.entries()) {
      const question = questions[index] as Question;
      const answer = tokenizer.decode(generated[row] ?? [], { skipSpecialTokens: true });
      answers[index] = { ...question, answer, matches: isExactMatch(answer, question.expected) };
    }
    onProgress?.(start + some.length);
  }
  return answers;
}

function promptLength(questions: readonly Question[], index: number): number {
  return questions[index]?.prompt.length ?? 0;
}
