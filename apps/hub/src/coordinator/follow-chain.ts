import { type Address, openRoundState, type RoundState } from '@skein/alliance';
import type { Chain } from '@skein/chain';
import { type AllianceReading, readAllianceNow } from '../chain/alliance-reading.ts';
import { type RoundReading, readChainRound } from '../chain/read-chain-round.ts';
import type { EventFeed } from '../relay/event-feed.ts';
import { type Database, transact, type Write } from '../storage/database.ts';
import { toText } from '../storage/json.ts';
import { findAlliance, findRound, roundsOf } from './alliance-store.ts';
import { readFacts } from './round-facts.ts';
import { startTimes } from './round-times.ts';

interface Parts {
  readonly db: Database;
  readonly chain: Chain;
  readonly feed: EventFeed;
}

/**
 * Reads an alliance and its running rounds from the chain and stores what it says, so that everything else can be
 * answered from the database.
 * @throws BaseError `chain/…`; then nothing is stored
 */
export async function followAlliance({ db, chain, feed }: Parts, id: string): Promise<void> {
  const reading = await readAllianceNow(chain, id);
  if (reading === undefined) {
    // A chain that went back to before its creation; messages and log stay.
    await transact(db, (write) => write.deleteFrom('alliances').where('id', '=', id).execute());
    return;
  }
  const bonded = await bondedAccounts(db);
  const rounds: RoundReading[] = [];
  for (const round of await roundsToRead(db, reading)) {
    const read = await readChainRound(chain, reading, round, bonded);
    if (read !== undefined) rounds.push(read);
  }
  const current = rounds.find((each) => each.chain.round === reading.round)?.chain;
  await transact(db, async (write) => {
    const row = { plan_digest: reading.planDigest, chain: toText(reading), round: current ? toText(current) : null };
    await write
      .insertInto('alliances')
      .values({ id, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute();
    for (const round of rounds) await storeRound(write, id, round);
    await feed.record(write, { alliance: id, kind: 'alliance', round: null });
  });
  feed.notify();
}

/** The current one, those that the hub hasn't closed, and those that came and went while it was away. */
async function roundsToRead(db: Database, reading: AllianceReading): Promise<number[]> {
  const closed = new Set((await roundsOf(db, reading.id, 'closed')).map(({ round }) => round));
  const all = Array.from({ length: reading.round }, (_, index) => index + 1);
  return all.filter((round) => round === reading.round || !closed.has(round));
}

/** Accounts that ever had an aggregator's bond. */
async function bondedAccounts(db: Database): Promise<Address[]> {
  const rows = await db.selectFrom('chain_events').select('args').where('name', '=', 'Staked').execute();
  const stakes = rows.map(({ args }) => JSON.parse(args) as { operator: string; role: number });
  const AGGREGATOR = 2;
  return [
    ...new Set(stakes.filter(({ role }) => role === AGGREGATOR).map(({ operator }) => operator.toLowerCase())),
  ] as Address[];
}

async function storeRound(write: Write, alliance: string, { chain, lossChangeMicroNats }: RoundReading): Promise<void> {
  const known = await findRound(write, alliance, chain.round);
  if (known !== undefined) {
    const state = withChainGoneBack(known.state, chain.status, chain.attempt, chain.deadline);
    // A round that the chain has open again isn't closed, whatever it was before.
    const reopened = state === known.state ? {} : { state: toText(state), closed_at: null };
    await write
      .updateTable('rounds')
      .set({ chain: toText(chain), loss_change: lossChangeMicroNats, ...reopened })
      .where('alliance', '=', alliance)
      .where('round', '=', chain.round)
      .execute();
    return;
  }
  const plan = (await findAlliance(write, alliance))?.plan;
  // Without a plan nobody knows the phases; it is read again when the plan comes.
  if (plan === null || plan === undefined) return;
  const state = openRoundState(plan, await readFacts(write, alliance, chain));
  await write
    .insertInto('rounds')
    .values({
      alliance,
      round: chain.round,
      state: toText(state),
      chain: toText(chain),
      times: toText(startTimes(state.phase, Date.now())),
      bytes: 0,
      loss_change: lossChangeMicroNats,
      closed_at: null,
      log_index: null,
    })
    .execute();
}

/**
 * A chain that was restarted from an older state may have lost a candidate or a result, and waits for it again. What
 * messages have fixed stays fixed.
 */
function withChainGoneBack(state: RoundState, status: string, attempt: number, deadline: number): RoundState {
  if (attempt !== state.attempt) return state;
  const isVoting = state.phase === 'commit' || state.phase === 'reveal';
  const isOver = state.phase === 'closed' && state.model !== null;
  if (status === 'open' && (isVoting || isOver)) {
    return { ...state, phase: 'sum', deadline, failure: null, model: null, accepted: false };
  }
  if (status !== 'voting' || !isOver) return state;
  return { ...state, phase: 'commit', deadline, failure: null, model: null, accepted: false };
}
