import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { createWorkerRuntime, type FineTuneOptions, prepareFineTune } from '@skein/engine/node';
import { type CommandContext, defineCommand, type Outcome, type Values } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { formatTable } from '../format-table.ts';
import { describeSamples, SAMPLE_FIELDS, sampleFiles, SHIPPED_MODEL } from '../samples.ts';
import { RUNTIME_OPTIONS, threadsOf } from '../shared-options.ts';
import { planRun } from '../plan-run.ts';
import { showTraining } from '../show-training.ts';
import { type Examined, examine, readExam } from '../examine.ts';
import { UsageError } from '../usage-error.ts';
import { START_SETTINGS } from './start-settings.ts';

/** Questions shown with their answers before and after. */
const SHOWN_ANSWERS = 4;

const OPTIONS = {
  field: {
    kind: 'choice',
    choices: SAMPLE_FIELDS,
    default: 'clinics',
    help: 'Which of the shipped sample data to train on',
  },
  model: { kind: 'text', value: 'DIR', help: 'Another model than the shipped one' },
  data: { kind: 'text', value: 'FILE', many: true, help: 'Your own data instead of the samples; needs --test' },
  test: {
    kind: 'text',
    value: 'FILE',
    many: true,
    help: 'Questions and answers held out, to compare before and after',
  },
  out: { kind: 'text', value: 'DIR', help: 'Folder for this run; by default a new one below runs/' },
  resume: { kind: 'flag', help: 'Go on with the run in --out' },
  epochs: { kind: 'integer', value: 'N', min: 1, default: START_SETTINGS.train.epochs, help: 'Times over the data' },
  rate: {
    kind: 'number',
    value: 'N',
    min: 0,
    above: true,
    default: START_SETTINGS.train.learningRate,
    help: 'Highest learning rate; larger models need less',
  },
  ...RUNTIME_OPTIONS,
} as const;

type StartValues = Values<typeof OPTIONS>;

export const start = defineCommand({
  name: 'start',
  summary: 'fine-tune the shipped small model on the shipped sample data; prints before and after',
  description: [
    'Asks the model questions in wordings that are held out, trains a LoRA adapter on the sample data of three members ' +
      'together, asks again and compares.',
  ],
  options: OPTIONS,
  examples: [
    { line: 'skein start', does: 'trains on the clinics, some minutes on two cores' },
    { line: 'skein start --field schools --json', does: 'trains on the schools, and prints an object at the end' },
    {
      line: 'skein start --model qwen --data mine.jsonl --test test.jsonl --rate 2e-4 --epochs 3',
      does: 'does the same with your own model and data',
    },
  ],
  run: runStart,
});

async function runStart(values: StartValues, context: CommandContext): Promise<Outcome> {
  const { terminal, signal } = context;
  const { options, test } = planStart(values);
  const runtime = createWorkerRuntime(values.device);
  try {
    const prepared = await prepareFineTune(runtime, options);
    const exam = await readExam(prepared, test, options);
    terminal.say(describeSamples(options, test));
    const plan = await planRun(prepared, options, { say: (line) => terminal.say(line), signal });
    const before = await examine(prepared, exam, { label: 'before', terminal, signal });
    const result = await showTraining(prepared, { terminal, signal });
    if (result.output === null) {
      terminal.say(`Interrupted at step ${result.step} of ${result.totalSteps}; the checkpoint is saved.`);
      terminal.say(`hint: Go on with "${resumeLine(values, options.out)}".`);
      return { json: { plan, ...result }, exitCode: EXIT_CODES.interrupted.code };
    }
    const after = await examine(prepared, exam, { label: 'after', terminal, signal });
    const json = { model: options.model, plan, ...result, before: before.figures, after: after.figures };
    return { json, text: report({ before, after, model: options.model, adapter: result.output }) };
  } finally {
    await runtime.close();
  }
}

function planStart(values: StartValues): { options: FineTuneOptions; test: readonly string[] } {
  const own = values.data.length > 0;
  if (own !== values.test.length > 0) {
    throw new UsageError('cli/options-conflict', '--data and --test belong together.', {
      hints: ['Give both, or neither for the shipped sample data.'],
    });
  }
  if (values.resume && values.out === undefined) {
    throw new UsageError('cli/options-conflict', '--resume needs --out.', { hints: ['Name the folder of the run.'] });
  }
  const files = own ? { data: values.data, test: values.test } : sampleFiles(values.field);
  const { adapter, rows, train, checkpointEvery } = START_SETTINGS;
  const options: FineTuneOptions = {
    model: values.model ?? SHIPPED_MODEL,
    data: files.data,
    validation: { files: [] },
    out: values.out ?? freshDirectory(),
    resume: values.resume,
    method: { kind: 'lora', adapter },
    rows,
    train: { ...train, epochs: values.epochs, learningRate: values.rate },
    checkpointEvery,
    threads: threadsOf(values),
  };
  return { options, test: files.test };
}

/** A run never overwrites another. */
function freshDirectory(): string {
  let number = 1;
  while (existsSync(`runs/start-${number}`)) number++;
  return `runs/start-${number}`;
}

interface Report {
  readonly before: Examined;
  readonly after: Examined;
  readonly model: string;
  readonly adapter: string;
}

function report({ before, after, model, adapter }: Report): string {
  const percent = ({ exactMatch }: Examined['figures']) => `${(100 * (exactMatch ?? 0)).toFixed(1)} %`;
  const figures = formatTable(
    [
      ['on held-out questions', 'before', 'after'],
      ['exact match', percent(before.figures), percent(after.figures)],
      ['loss, nats a token', before.figures.loss.toFixed(4), after.figures.loss.toFixed(4)],
    ],
    [1, 2],
  );
  const every = Math.max(1, Math.floor(after.answers.length / SHOWN_ANSWERS));
  const shown = after.answers
    .flatMap((answer, index) => (index % every === 0 ? [[answer, before.answers[index]] as const] : []))
    .slice(0, SHOWN_ANSWERS)
    .map(([answer, earlier]) => [
      answer.question,
      earlier?.answer.trim() || '(nothing)',
      answer.answer,
      answer.expected,
    ]);
  const answers = formatTable([['question', 'before', 'after', 'expected'], ...shown.map((row) => row.map(oneLine))]);
  const place = relative('.', model) || '.';
  return [
    figures,
    answers,
    `The adapter is in ${adapter}. Go on with:`,
    `  npx skein chat --model ${place} --adapter ${adapter}`,
    `  npx skein adapter merge --model ${place} --adapter ${adapter} --out my-model`,
    `  npx skein start --help`,
  ]
    .join('\n\n')
    .replaceAll('\n\n  npx', '\n  npx');
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

function resumeLine({ model, data, test, field, epochs, rate }: StartValues, out: string): string {
  const { train } = START_SETTINGS;
  return [
    'npx skein start',
    ...(model === undefined ? [] : [`--model ${model}`]),
    ...(data.length > 0 ? [`--data ${data.join(' ')} --test ${test.join(' ')}`] : [`--field ${field}`]),
    ...(epochs === train.epochs ? [] : [`--epochs ${epochs}`]),
    ...(rate === train.learningRate ? [] : [`--rate ${rate}`]),
    `--out ${out} --resume`,
  ].join(' ');
}
