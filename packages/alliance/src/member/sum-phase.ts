import { orderAddresses } from '../member-set.ts';
import { isDrawn } from './check-candidate.ts';
import { replayJob } from './replay-round.ts';
import type { Turn } from './turn.ts';

/** Adds up while the aggregator does, where this member is going to replay the sum anyway: the vote then waits less. */
export async function sumPhase(turn: Turn): Promise<void> {
  const { view, self } = turn.input;
  if (view.aggregator === self || view.cohort === null || view.survivors === null) return;
  if (!isDrawn(turn, view.cohort.length)) return;
  const sets = { cohort: orderAddresses(view.cohort), survivors: orderAddresses(view.survivors) };
  const job = await replayJob(turn, sets);
  if (job !== undefined) turn.effects.push({ kind: 'add-up', job });
}
