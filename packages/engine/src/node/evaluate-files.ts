import type { DataExample } from '../data/data-format.ts';
import { type OverlongPolicy, prepareExamples } from '../data/prepare-examples.ts';
import { placeOf } from '../data/data-row.ts';
import { splitValidation } from '../data/split-validation.ts';
import type { TokenizedExample } from '../data/tokenized-example.ts';
import { answerQuestions } from '../evaluate/answer-questions.ts';
import { heldOutLoss } from '../evaluate/held-out-loss.ts';
import { questionOf } from '../evaluate/question.ts';
import { assertVocabularyFits } from './assert-vocabulary-fits.ts';
import { readDataFiles } from './data-files.ts';
import type { DataSplit, OpenedModel } from './local-round.ts';
import { readStopIds } from './read-stop-ids.ts';

/** Most rows measured at once, and most questions answered at once. */
const ROWS = 16;
const QUESTIONS = 64;

export interface FilesToEvaluate {
  readonly files: readonly string[];
  /** Measures only the share that a round with the same split leaves out. */
  readonly split?: DataSplit;
  readonly maxLength: number;
  readonly overlong: OverlongPolicy;
  /** Whether to answer the questions too, which takes longer than the loss. */
  readonly exactMatch: boolean;
  readonly signal?: AbortSignal;
}

export interface FilesEvaluation {
  readonly lossNatsPerToken: number;
  /** Counted targets. */
  readonly tokens: number;
  readonly examples: number;
  /** Share of the questions answered exactly; null where none was asked. */
  readonly exactMatch: number | null;
  readonly questions: number;
}

/** Measures a model as it stands on data files. @throws BaseError for bad data; the signal's reason. */
export async function evaluateFiles(
  { folder, model, vocabulary }: OpenedModel,
  { files, split, maxLength, overlong, exactMatch, signal }: FilesToEvaluate,
): Promise<FilesEvaluation> {
  const { tokenizer } = vocabulary;
  const rows: DataExample[] = [];
  for await (const row of readDataFiles(files)) rows.push(row);
  const all = (await prepareExamples(rows, { ...vocabulary, maxLength, overlong })).examples;
  const examples = split ? splitValidation(all, split.fraction, split.seed).validation : all;
  for (const { ids } of examples) assertVocabularyFits(folder, ids);
  const hooks = { signal };
  const { loss, countedTokens } = await heldOutLoss(model, { examples, tokenizer, batch: ROWS }, hooks);
  const measured = { lossNatsPerToken: loss, tokens: countedTokens, examples: examples.length };
  const asked = exactMatch ? rows.filter(askedIn(examples)) : [];
  const questions = asked.flatMap((row) => questionOf(row, vocabulary) ?? []);
  if (questions.length === 0) return { ...measured, exactMatch: null, questions: 0 };
  const stopIds = await readStopIds(folder, tokenizer);
  // Equal batches, so that one session serves them all.
  const batch = Math.ceil(questions.length / Math.ceil(questions.length / QUESTIONS));
  const answers = await answerQuestions(model, { questions, tokenizer, stopIds, batch }, hooks);
  const right = answers.filter(({ matches }) => matches).length;
  return { ...measured, exactMatch: right / questions.length, questions: questions.length };
}

/** Whether a row is among the examples, which may be fewer. */
function askedIn(examples: readonly TokenizedExample[]): (row: DataExample) => boolean {
  const places = new Set(examples.map(({ source }) => placeOf(source)));
  return ({ source }) => places.has(placeOf(source));
}
