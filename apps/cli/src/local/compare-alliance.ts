import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { decodeModelState, type Plan } from '@skein/alliance';
import type { AllianceRecord } from '@skein/client';
import type { LocalTrainer } from '@skein/engine/node';
import { findDataFiles, SPLIT_SEED } from '@skein/node';
import type { Terminal } from '../terminal.ts';
import { trainAlike, withTrainers } from './baselines.ts';
import { fetchBlob } from './fetch-blob.ts';
import type { LocalAlliance } from './local-alliance.ts';
import type { Subject } from './start-subject.ts';

/** How one model does on the held-out questions. */
export interface Figures {
  readonly exactMatch: number | null;
  /** On questions that take facts of two members. */
  readonly joins: number | null;
  /** Nats a token. */
  readonly loss: number;
}

export interface Comparison {
  readonly base: Figures;
  readonly alone: readonly (Figures & { readonly member: string })[];
  readonly federated: Figures;
  readonly pooled: Figures;
  /** Folder of the alliance's adapter. */
  readonly adapter: string;
}

interface ComparisonOptions {
  readonly plan: Plan;
  readonly subject: Subject;
  readonly alliance: LocalAlliance;
  readonly ended: AllianceRecord;
  readonly directory: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Trains each member alone and all data pooled, as the alliance did, and measures all on the same questions. */
export async function compareAlliance(options: ComparisonOptions): Promise<Comparison> {
  const { plan, subject, alliance, ended, directory, terminal, signal } = options;
  const { members, model } = subject;
  const state = decodeModelState(await fetchBlob(alliance.hub, ended.model, signal));
  const bar = terminal.progress({ label: 'comparing', unit: 'rounds', total: plan.rounds * (members.length + 1) });
  let rounds = 0;
  const onRound = () => bar.update(++rounds, 'each alone, and pooled');
  bar.update(0);
  const files = await Promise.all(members.map(({ data }) => findDataFiles(data)));
  const measuring = { ...options, files: files.flat() };
  const adapter = join(directory, 'adapter');
  const trained = (name: string, data: readonly string[]) => async (trainer: LocalTrainer) => {
    const values = await trainAlike(trainer, plan, {
      data,
      directory: join(directory, 'compare', name),
      onRound,
      signal,
    });
    return figuresOf(trainer, values, measuring);
  };
  const jobs = [
    trained('pooled', files.flat()),
    ...members.map(({ name }, index) => trained(`alone-${name}`, files[index]!)),
    (trainer: LocalTrainer) => figuresOf(trainer, trainer.initial.values, measuring),
    async (trainer: LocalTrainer) => {
      await trainer.write(adapter, { manifest: trainer.manifest, values: state.parameters });
      return figuresOf(trainer, state.parameters, measuring);
    },
  ];
  const figures = await withTrainers(model, plan, jobs, availableParallelism()).finally(() => bar.end());
  const [pooled, ...others] = figures as [Figures, ...Figures[]];
  const alone = members.map(({ name }, index) => ({ member: name, ...others[index]! }));
  const [base, federated] = others.slice(members.length) as [Figures, Figures];
  return { base, alone, federated, pooled, adapter };
}

async function figuresOf(
  trainer: LocalTrainer,
  values: Float32Array,
  { plan, subject, signal, files }: ComparisonOptions & { readonly files: readonly string[] },
): Promise<Figures> {
  const { test, joins } = subject;
  const { maxLength, evaluationFraction: fraction } = plan.local;
  const common = { maxLength, overlong: 'drop', exactMatch: true, signal } as const;
  const parameters = { manifest: trainer.manifest, values };
  const measured = await trainer.evaluate(parameters, {
    ...common,
    ...(test === null ? { files, split: { fraction, seed: SPLIT_SEED } } : { files: test }),
  });
  const joined = joins && (await trainer.evaluate(parameters, { ...common, files: joins }));
  return {
    exactMatch: measured.exactMatch,
    joins: joined?.exactMatch ?? null,
    loss: measured.lossNatsPerToken,
  };
}
