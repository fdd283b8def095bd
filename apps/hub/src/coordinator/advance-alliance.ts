import { advanceRound, type KeeperAction, type Plan, type RoundState } from '@skein/alliance';
import type { ChainClock } from '../chain/chain-clock.ts';
import type { TransparencyLog } from '../log/transparency-log.ts';
import type { Metrics } from '../metrics.ts';
import type { EventFeed } from '../relay/event-feed.ts';
import { type Database, transact, type Write } from '../storage/database.ts';
import { toText } from '../storage/json.ts';
import { findRound, type KnownRound, roundsOf } from './alliance-store.ts';
import { readFacts } from './round-facts.ts';
import { enterPhase } from './round-times.ts';

export interface AdvanceParts {
  readonly db: Database;
  readonly log: TransparencyLog;
  readonly clock: ChainClock;
  readonly feed: EventFeed;
  readonly metrics: Metrics;
}

/**
 * Takes an alliance's running rounds as far as the facts allow, each in one transaction with what follows from it.
 * @returns what the keeper should do, now that it is stored
 */
export async function advanceAlliance(parts: AdvanceParts, alliance: string, plan: Plan): Promise<KeeperAction[]> {
  const actions: KeeperAction[] = [];
  for (const { round } of await roundsOf(parts.db, alliance, 'running')) {
    const advanced = await transact(parts.db, (write) => advanceOne(parts, write, { alliance, round, plan }));
    actions.push(...advanced.actions);
    if (advanced.isChanged) parts.feed.notify();
  }
  return actions;
}

interface Place {
  readonly alliance: string;
  readonly round: number;
  readonly plan: Plan;
}

async function advanceOne(
  parts: AdvanceParts,
  write: Write,
  { alliance, round, plan }: Place,
): Promise<{ readonly actions: readonly KeeperAction[]; readonly isChanged: boolean }> {
  const known = await findRound(write, alliance, round);
  if (known === undefined || known.closedAt !== null) return { actions: [], isChanged: false };
  const { clock, feed, metrics } = parts;
  const facts = await readFacts(write, alliance, known.chain);
  const now = clock.now();
  const { state, actions } = advanceRound(plan, known.state, facts, now);
  if (toText(state) === toText(known.state)) return { actions, isChanged: false };
  const times = enterPhase(known.times, state.phase, Date.now());
  const isOver = state.phase === 'closed' && state.model !== null;
  const logIndex = isOver ? await logResult(parts.log, write, { alliance, known, state }) : null;
  await write
    .updateTable('rounds')
    .set({ state: toText(state), times: toText(times), ...(isOver && { closed_at: now, log_index: logIndex }) })
    .where('alliance', '=', alliance)
    .where('round', '=', round)
    .execute();
  await feed.record(write, { alliance, round, kind: isOver ? 'round-closed' : 'phase' });
  if (times.phase !== known.times.phase) metrics.phaseEnded(known.times, Date.now());
  if (isOver) metrics.roundsClosed.inc({ result: state.accepted ? 'accepted' : (state.failure ?? 'kept') });
  return { actions, isChanged: true };
}

interface Ended {
  readonly alliance: string;
  readonly known: KnownRound;
  readonly state: RoundState;
}

function logResult(log: TransparencyLog, write: Write, { alliance, known, state }: Ended): Promise<number> {
  const { round, attempt, accepted, failure, model } = state;
  return log.append(write, {
    type: 'urn:skein:round-result/1',
    name: `alliance/${alliance}/round/${round}/model`,
    digest: model ?? known.chain.model,
    predicate: {
      alliance,
      round,
      attempt,
      accepted,
      reason: failure,
      sum: known.chain.candidate?.sum ?? null,
      lossChangeMicroNats: known.lossChangeMicroNats,
    },
  });
}
