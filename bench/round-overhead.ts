import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  followAlliance,
  type LocalAlliance,
  type LocalDirectory,
  makePlan,
  openLocalDirectory,
  PLAN_SETTINGS,
  startLocalAlliance,
} from '@skein/cli/local';
import { createLocalTrainer, createWorkerRuntime } from '@skein/engine/node';
import { readNodeLog } from './node-log.ts';
import { processorSeconds } from './process-cpu.ts';
import { writeRoundModel } from './round-model.ts';

/**
 * What a round of three members takes beside local training and evaluation, with 10 M trained parameters, a real chain,
 * hub and three nodes, under secure aggregation: `node bench/round-overhead.ts --rounds 2`. A table on stderr, JSON on
 * stdout. All programs run on this machine, so that they share its cores and its disk.
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    steps: { type: 'string', default: '2' },
    keep: { type: 'boolean' },
  },
});
const MEMBERS = ['hill', 'lake', 'north'];
/** Of training that the overhead is compared with. */
const TRAINING_SECONDS = 60;

const work = mkdtempSync(join(tmpdir(), 'skein-round-'));
const model = join(work, 'model');
// The nodes tell how long each work took at this level only.
process.env['SKEIN_LOG_LEVEL'] = 'debug';

/** Processor seconds so far: of the nodes without their engines, and of the other programs with what they started. */
function processorTimes({ processes }: LocalAlliance): Record<string, number> {
  const times = [...processes].map(([name, process]) => {
    const { own, below } = processorSeconds(process.pid() ?? 0);
    return [name, name.startsWith('node ') ? own : own + below] as const;
  });
  return Object.fromEntries(times);
}

async function runRounds(local: LocalDirectory, rounds: number) {
  const settings = {
    ...PLAN_SETTINGS,
    method: { kind: 'full' } as const,
    rounds,
    local: { ...PLAN_SETTINGS.local, steps: Number(options.steps), learningRate: 1e-4 },
  };
  const runtime = createWorkerRuntime('cpu');
  const trainer = await createLocalTrainer(runtime, { model, method: settings.method, threads: 1 });
  const made = makePlan('Overhead', trainer, settings);
  await runtime.close();
  const members = MEMBERS.map((name) => ({ name, data: join(import.meta.dirname, '../samples/clinics', name) }));
  const { signal } = new AbortController();
  const alliance = await startLocalAlliance({ ...made, local, members, model, onEvent: () => undefined, signal });
  try {
    // The first round loads programs and compiles them, so it doesn't count where there are more.
    let before = processorTimes(alliance);
    let counted = rounds;
    await followAlliance(alliance.hub, alliance.id, {
      onLook: ({ round }) => {
        if (round?.round !== 2 || counted < rounds) return;
        before = processorTimes(alliance);
        counted = rounds - 1;
      },
      signal,
    });
    const after = processorTimes(alliance);
    const closed = await alliance.hub.closedRounds(alliance.id);
    const processor = Object.entries(after).map(([name, time]) => [name, (time - before[name]!) / counted] as const);
    return { parameters: made.plan.parameterCount, closed, processor: Object.fromEntries(processor) };
  } finally {
    await alliance.stop();
  }
}

try {
  await writeRoundModel(model);
  const local = await openLocalDirectory(work);
  const { parameters, closed, processor } = await runRounds(local, Number(options.rounds));
  const logs = MEMBERS.map((name) => readNodeLog(local.logFile(`node-${name}`)));
  const rounds = closed.map(({ round, phaseSeconds, bytes, result }, index) => {
    const members = logs.map((log) => log[index]!);
    const slowest = (of: (member: (typeof members)[number]) => number) => Math.max(...members.map(of));
    const seconds = Object.values(phaseSeconds).reduce((sum, each) => sum + each, 0);
    const training = slowest((member) => member.training);
    const evaluation = slowest((member) => member.evaluation);
    const outside = seconds - training - evaluation;
    const names = [...new Set(members.flatMap(({ jobs }) => Object.keys(jobs)))];
    const jobs = Object.fromEntries(names.map((name) => [name, slowest((member) => member.jobs[name] ?? 0)]));
    const share = outside / (outside + TRAINING_SECONDS);
    const { accepted } = result;
    return { round, accepted, seconds, training, evaluation, outside, share, phaseSeconds, bytes, slowestJobs: jobs };
  });
  for (const { round, seconds, training, evaluation, outside, share } of rounds) {
    const parts = `${seconds.toFixed(1)} s, of them training ${training.toFixed(1)}, evaluation ${evaluation.toFixed(1)}`;
    console.error(`round ${round}: ${parts}; outside ${outside.toFixed(1)} s, ${(100 * share).toFixed(1)} %`);
  }
  console.log(JSON.stringify({ parameters, load: loadavg()[0], rounds, processorSecondsOfARound: processor }, null, 1));
} finally {
  if (options.keep) console.error(work);
  else rmSync(work, { recursive: true });
}
