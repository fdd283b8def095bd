import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLocalTrainer, createWorkerRuntime } from '@skein/engine/node';
import { localMethod } from '@skein/node';
import { makePlan, type PlanWithModel } from '../alliance/make-plan.ts';
import { PLAN_SETTINGS } from '../alliance/plan-settings.ts';
import { type CommandContext, defineCommand, type Outcome, type Values } from '../command.ts';
import { compareAlliance } from '../local/compare-alliance.ts';
import { openLocalDirectory } from '../local/local-directory.ts';
import { startLocalAlliance } from '../local/local-alliance.ts';
import { ownSubject, sampleSubject, type Subject } from '../local/start-subject.ts';
import { reportOfStart } from '../local/start-report.ts';
import { showRounds } from '../local/show-rounds.ts';
import { SAMPLE_FIELDS, SHIPPED_MODEL } from '../samples.ts';
import { UsageError } from '../usage-error.ts';

const OPTIONS = {
  field: {
    kind: 'choice',
    choices: SAMPLE_FIELDS,
    default: 'clinics',
    help: 'Which three sample organisations train together',
  },
  seed: {
    kind: 'integer',
    value: 'N',
    min: 0,
    max: 0xffffffff,
    default: 1,
    help: 'Of the sample data and the training',
  },
  model: { kind: 'text', value: 'DIR', help: 'Another model than the shipped one' },
  data: {
    kind: 'text',
    value: 'DIR',
    many: true,
    help: 'Your own data: a folder (or file) for each of three or more members',
  },
  test: {
    kind: 'text',
    value: 'FILE',
    many: true,
    help: 'Questions to compare on; otherwise the share of --data that nobody trains on',
  },
  rounds: {
    kind: 'integer',
    value: 'N',
    min: 1,
    max: 1000,
    default: PLAN_SETTINGS.rounds,
    help: 'Rounds of the alliance',
  },
  steps: { kind: 'integer', value: 'N', min: 1, default: PLAN_SETTINGS.local.steps, help: 'Local steps of a round' },
  rate: {
    kind: 'number',
    value: 'N',
    min: 0,
    above: true,
    default: PLAN_SETTINGS.local.learningRate,
    help: 'Highest learning rate; larger models need less',
  },
  out: {
    kind: 'text',
    value: 'DIR',
    help: 'Folder for everything of this run; by default a new one below runs/. An old one is gone on with',
  },
  once: { kind: 'flag', help: 'End after the table; otherwise chain, hub and nodes stay up' },
} as const;

type StartValues = Values<typeof OPTIONS>;

export const start = defineCommand({
  name: 'start',
  summary: 'an alliance of three organisations on this machine, from first key to payout',
  description: [
    'Starts an embedded chain, a hub and a node for each member in processes of their own, each node with a data folder ' +
      'that nobody else reads. They train one model together under secure aggregation: rounds, votes, payouts.',
    'Then compares on held-out questions: the base model, each member alone, the alliance, and all data in one place, ' +
      'all with the same method, steps and tuning.',
  ],
  options: OPTIONS,
  examples: [
    { line: 'skein start --once', does: 'runs the three sample clinics and ends after the table' },
    { line: 'skein start --field schools --seed 2 --once --json', does: 'other data; prints one object at the end' },
    {
      line: 'skein start --model qwen --data north lake hill --test questions.jsonl --rate 2e-4',
      does: 'does the same with your own model and data, and stays up',
    },
  ],
  run: runStart,
});

async function runStart(values: StartValues, context: CommandContext): Promise<Outcome> {
  const { terminal, signal, json } = context;
  const startedMs = performance.now();
  const path = resolve(values.out ?? freshDirectory());
  const subject = await readSubject(values, path);
  const local = await openLocalDirectory(path);
  const made = await planFor(values, subject);
  terminal.say(`${subject.members.map(({ name }) => name).join(', ')} train together; everything is below ${path}.`);
  const rounds = showRounds(made.plan, terminal);
  const alliance = await startLocalAlliance({
    ...made,
    local,
    members: subject.members,
    model: subject.model,
    onEvent: (event) => rounds.onProcess(event),
    signal,
  });
  try {
    terminal.say(`chain ${alliance.rpcUrl}, hub ${alliance.hub.url}; the logs are in ${join(path, 'logs')}.`);
    const ended = await rounds.follow(alliance, signal);
    const closed = await alliance.hub.closedRounds(alliance.id);
    const compared = await compareAlliance({ ...made, subject, alliance, ended, directory: path, terminal, signal });
    const seconds = (performance.now() - startedMs) / 1000;
    const report = reportOfStart({ plan: made.plan, subject, ended, closed, compared, seconds });
    if (values.once) return report;
    if (!json) terminal.write(`${report.text}\n`);
    terminal.say('Chain, hub and nodes stay up; Ctrl-C ends them.');
    await aborted(signal);
    return { json: report.json };
  } finally {
    await alliance.stop();
  }
}

/** With the plan's method the model is opened once, to name its arrays and their start. */
async function planFor(
  { rounds, steps, rate, seed }: StartValues,
  { name, model, members }: Subject,
): Promise<PlanWithModel> {
  const { method, local } = PLAN_SETTINGS;
  const settings = {
    ...PLAN_SETTINGS,
    method: method.kind === 'ffa-lora' ? { ...method, seed } : method,
    local: { ...local, steps, learningRate: rate },
    rounds,
    minMembers: members.length,
    maxMembers: members.length,
  };
  const runtime = createWorkerRuntime('cpu');
  try {
    const trainer = await createLocalTrainer(runtime, { model, method: localMethod(settings)!, threads: 1 });
    return makePlan(name, trainer, settings);
  } finally {
    await runtime.close();
  }
}

async function readSubject(values: StartValues, path: string): Promise<Subject> {
  const model = resolve(values.model ?? SHIPPED_MODEL);
  if (values.data.length > 0) return ownSubject({ model, data: values.data, test: values.test });
  if (values.test.length === 0) return sampleSubject({ model, field: values.field, seed: values.seed, path });
  throw new UsageError('cli/options-conflict', '--test needs --data.', {
    hints: ['Give a data folder for each member, or leave both out for the shipped sample data.'],
  });
}

/** A run never overwrites another. */
function freshDirectory(): string {
  let number = 1;
  while (existsSync(`runs/alliance-${number}`)) number++;
  return `runs/alliance-${number}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((end) => {
    if (signal.aborted) end();
    else signal.addEventListener('abort', () => end(), { once: true });
  });
}
