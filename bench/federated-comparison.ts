import { join } from 'node:path';
import type { Update } from '@skein/core';
import { applyOuterStep, type ModelState, type Plan } from '@skein/alliance';
import type { LocalMethod, LocalRoundOptions, LocalTrainer } from '@skein/engine/node';
import { dequantiseSum, type QuantiserPlan, quantise } from '@skein/privacy';
import { nodeCrypto } from '@skein/privacy/node';

export interface Settings extends Pick<LocalRoundOptions, 'rows' | 'train'> {
  readonly method: LocalMethod;
  readonly rounds: number;
  /** Steps of one round; alone and pooled take rounds · localSteps in one go. */
  readonly localSteps: number;
  readonly quantiser: QuantiserPlan;
  readonly strategy: Plan['strategy'];
  readonly evaluationFraction: number;
}

export interface Task {
  /** One file of each member. */
  readonly data: readonly string[];
  readonly exam: { readonly test: string; readonly joins: string };
  /** A folder of its own for run directories. */
  readonly work: string;
}

interface Figures {
  readonly exactMatch: number | null;
  readonly joins: number | null;
  readonly loss: number;
}

/** Trains all ways and examines what comes out. Trainers share the work; which does what changes nothing. */
export async function compareTrainings(trainers: readonly LocalTrainer[], task: Task, settings: Settings) {
  const [first] = trainers;
  if (!first) throw new RangeError('compareTrainings needs a trainer');
  const inOneGo = (name: string, data: readonly string[]) => async (trainer: LocalTrainer) => {
    const steps = settings.rounds * settings.localSteps;
    const round = { directory: join(task.work, name), data, parameters: first.initial, firstStep: 0, steps };
    const { parameters } = await trainer.trainRound(roundOf(round, settings));
    return examine(trainer, parameters, task);
  };
  const base = await examine(first, first.initial, task);
  const alone = task.data.map((file, member) => inOneGo(`alone-${member}`, [file]));
  const [pooled, ...others] = await shareOut(trainers, [inOneGo('pooled', task.data), ...alone]);
  const { parameters, largestChange, largestNorm } = await federate(trainers, task, settings);
  const federated = await examine(first, parameters, task);
  return { base, alone: others, federated, pooled, largestChange, largestNorm };
}

async function federate(trainers: readonly LocalTrainer[], { data, work }: Task, settings: Settings) {
  const { rounds, localSteps: steps, quantiser, strategy } = settings;
  let global = trainers[0]!.initial;
  let state: ModelState = { parameters: global.values, optimiser: {} };
  let largestChange = 0;
  let largestNorm = 0;
  for (let round = 0; round < rounds; round++) {
    const jobs = data.map((file, member) => async (trainer: LocalTrainer) => {
      const directory = join(work, `round-${round}-${member}`);
      const options = { directory, data: [file], parameters: global, firstStep: round * steps, steps };
      const { parameters } = await trainer.trainRound(roundOf(options, settings));
      return parameters.values.map((value, i) => value - global.values[i]!);
    });
    const changes = await shareOut(trainers, jobs);
    for (const change of changes) {
      largestChange = change.reduce((max, value) => Math.max(max, Math.abs(value)), largestChange);
      largestNorm = Math.max(largestNorm, Math.sqrt(change.reduce((sum, value) => sum + value * value, 0)));
    }
    const mean = quantisedMean(changes, quantiser, round);
    state = applyOuterStep(strategy, state, mean);
    global = { ...global, values: state.parameters };
  }
  return { parameters: global, largestChange, largestNorm };
}

/** The mean as secure aggregation lets it out: of values rounded at random to 16 bits. */
function quantisedMean(changes: readonly Float32Array[], plan: QuantiserPlan, round: number): Float64Array {
  const sum = new Uint32Array(changes[0]!.length);
  for (const [member, change] of changes.entries()) {
    const seed = (round * changes.length + member).toString(16).padStart(64, '0');
    for (const [i, value] of quantise(nodeCrypto, change, plan, { seed }).entries()) sum[i] = sum[i]! + value;
  }
  const mean = dequantiseSum(sum, plan, changes.length);
  if (!mean) throw new RangeError('The sum of quantised updates is out of range');
  return mean;
}

function roundOf(
  round: Pick<LocalRoundOptions, 'directory' | 'data' | 'parameters' | 'steps'> & { readonly firstStep: number },
  { rounds, localSteps, evaluationFraction, rows, train }: Settings,
): LocalRoundOptions {
  const { firstStep, ...own } = round;
  return {
    ...own,
    stretch: { firstStep, totalSteps: rounds * localSteps },
    split: { fraction: evaluationFraction, seed: train.seed },
    rows,
    train,
    proximalMu: 0,
    checkpointEvery: null,
  };
}

async function examine(trainer: LocalTrainer, parameters: Update, { exam }: Task): Promise<Figures> {
  const asked = { maxLength: 256, overlong: 'error', exactMatch: true } as const;
  const test = await trainer.evaluate(parameters, { ...asked, files: [exam.test] });
  const joins = await trainer.evaluate(parameters, { ...asked, files: [exam.joins] });
  return { exactMatch: test.exactMatch, joins: joins.exactMatch, loss: test.lossNatsPerToken };
}

/** Every trainer takes the next job as soon as it is free. @returns results in the order of the jobs. */
async function shareOut<T>(
  trainers: readonly LocalTrainer[],
  jobs: readonly ((trainer: LocalTrainer) => Promise<T>)[],
): Promise<T[]> {
  const results: T[] = [];
  const waiting = jobs.entries();
  const work = async (trainer: LocalTrainer) => {
    for (const [index, job] of waiting) results[index] = await job(trainer);
  };
  await Promise.all(trainers.map(work));
  return results;
}
