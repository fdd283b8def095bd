import {
  answerQuestions,
  type Answer,
  type DataExample,
  heldOutLoss,
  type HeldOutLoss,
  placeOf,
  prepareExamples,
  questionOf,
} from '@skein/engine';
import { readDataFiles, writeDurably } from '@skein/engine/node';
import { type CommandContext, defineCommand, type Values } from '../command.ts';
import { formatTable } from '../format-table.ts';
import {
  EXACT_WEIGHTS_OPTION,
  FORMAT_OPTION,
  MODEL_OPTIONS,
  OVERLONG_OPTION,
  RUNTIME_OPTIONS,
} from '../shared-options.ts';
import { type OpenModel, withModel } from '../with-model.ts';

const OPTIONS = {
  ...MODEL_OPTIONS,
  data: { kind: 'text', value: 'FILE', many: true, required: true, help: 'JSONL or CSV to measure on' },
  ...FORMAT_OPTION,
  batch: { kind: 'integer', value: 'N', min: 1, default: 8, help: 'Examples computed at once' },
  length: { kind: 'integer', value: 'N', min: 2, default: 2048, help: 'Longest example, in tokens' },
  ...OVERLONG_OPTION,
  'loss-only': { kind: 'flag', help: 'Leave out exact match, which takes longest' },
  answers: { kind: 'text', value: 'FILE', help: 'Write every answer there, as JSONL' },
  ...EXACT_WEIGHTS_OPTION,
  ...RUNTIME_OPTIONS,
} as const;

/** One file's figures. */
interface FileResult extends HeldOutLoss {
  readonly file: string;
  readonly droppedExamples: number;
  /** Questions asked, and the share answered exactly; null where none was asked. */
  readonly questions: number;
  readonly exactMatch: number | null;
}

export const evaluate = defineCommand({
  name: 'eval',
  summary: 'measure loss, bits per byte and exact match on data files',
  description: [
    'The loss is the mean −ln p of the tokens that count, in nats. Bits per byte divides the sum over the whole file ' +
      'by the bytes of the text that counts, so models with other tokenizers compare. Exact match generates each ' +
      'answer greedily and compares it with the expected one, apart from blanks at the ends.',
  ],
  options: OPTIONS,
  examples: [
    { line: 'skein eval --model qwen --data test.jsonl', does: 'measures the base model' },
    {
      line: 'skein eval --model qwen --adapter runs/first/adapter --data test.jsonl joins.jsonl --json',
      does: 'measures it with an adapter on two files, for a program',
    },
  ],
  run: async (values, context) => {
    const files = await withModel(values, context, async (open) => {
      const results: FileResult[] = [];
      const answers: (Answer & { file: string })[] = [];
      for (const file of values.data) {
        const measured = await measureFile(open, { file, values, context });
        results.push(measured.result);
        answers.push(...measured.answers.map((answer) => ({ ...answer, file })));
      }
      if (values.answers !== undefined) await writeDurably(values.answers, answers.map(answerLine));
      return results;
    });
    return {
      json: { model: values.model, adapter: values.adapter ?? null, weights: values.weights, files },
      text: tableOf(files),
    };
  },
});

interface FileJob {
  readonly file: string;
  readonly values: Values<typeof OPTIONS>;
  readonly context: CommandContext;
}

async function measureFile(
  { model, vocabulary, stopIds, assertFits }: OpenModel,
  { file, values, context: { terminal, signal } }: FileJob,
): Promise<{ result: FileResult; answers: Answer[] }> {
  const { batch, format, length: maxLength, overlong } = values;
  const { tokenizer } = vocabulary;
  const rows: DataExample[] = [];
  for await (const row of readDataFiles([file], { format })) rows.push(row);
  const { examples, report } = await prepareExamples(rows, { ...vocabulary, maxLength, overlong });
  for (const { ids } of examples) assertFits(ids);

  const lossBar = terminal.progress({ label: `loss of ${file}`, unit: 'examples', total: examples.length });
  const loss = await heldOutLoss(
    model,
    { examples, tokenizer, batch },
    { signal, onProgress: (done) => lossBar.update(done) },
  ).finally(() => lossBar.end());

  const questions = values['loss-only'] ? [] : rows.flatMap((row) => questionOf(row, vocabulary) ?? []);
  const bar = terminal.progress({ label: `answers of ${file}`, unit: 'questions', total: questions.length });
  const answers = await answerQuestions(
    model,
    { questions, tokenizer, stopIds, batch },
    { signal, onProgress: (done) => bar.update(done) },
  ).finally(() => bar.end());
  const right = answers.filter(({ matches }) => matches).length;
  const result = {
    file,
    ...loss,
    droppedExamples: report.droppedOverlong + report.droppedUncounted,
    questions: questions.length,
    exactMatch: questions.length === 0 ? null : right / questions.length,
  };
  return { result, answers };
}

function answerLine({ source, expected, answer, matches }: Answer): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ source: placeOf(source), expected, answer, matches })}\n`);
}

function tableOf(files: readonly FileResult[]): string {
  const heading = ['file', 'examples', 'tokens', 'loss', 'bits/byte', 'exact match'];
  const rows = files.map(({ file, examples, countedTokens, loss, bitsPerByte, exactMatch }) => [
    file,
    String(examples),
    String(countedTokens),
    loss.toFixed(4),
    bitsPerByte?.toFixed(4) ?? '-',
    exactMatch?.toFixed(4) ?? '-',
  ]);
  return formatTable([heading, ...rows], [1, 2, 3, 4, 5]);
}
