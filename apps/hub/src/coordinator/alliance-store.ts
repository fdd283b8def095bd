import {
  type ChainRound,
  chainRoundSchema,
  type Plan,
  planSchema,
  type RoundState,
  roundStateSchema,
} from '@skein/alliance';
import { BaseError } from '@skein/core';
import type { Kysely } from 'kysely';
import { type AllianceReading, allianceReadingSchema } from '../chain/alliance-reading.ts';
import { fromText } from '../storage/json.ts';
import type { Tables } from '../storage/tables.ts';
import { type RoundTimes, roundTimesSchema } from './round-times.ts';

type Reader = Kysely<Tables>;

/** What the hub knows of an alliance, with or without the chain at hand. */
export interface KnownAlliance {
  readonly reading: AllianceReading;
  /** Null until somebody has brought it. */
  readonly plan: Plan | null;
  /** The round that was opened last. */
  readonly currentRound: ChainRound | null;
}

export interface KnownRound {
  readonly round: number;
  readonly state: RoundState;
  readonly chain: ChainRound;
  readonly times: RoundTimes;
  readonly bytes: number;
  readonly lossChangeMicroNats: number | null;
  readonly closedAt: number | null;
}

export async function findAlliance(db: Reader, id: string): Promise<KnownAlliance | undefined> {
  const row = await db
    .selectFrom('alliances')
    .leftJoin('plans', 'plans.digest', 'alliances.plan_digest')
    .select(['chain', 'round', 'json as plan'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    reading: fromText(allianceReadingSchema, row.chain),
    plan: row.plan === null ? null : fromText(planSchema, row.plan),
    currentRound: row.round === null ? null : fromText(chainRoundSchema, row.round),
  };
}

export function noAlliance(id: string): BaseError {
  return new BaseError('hub/no-alliance', `There is no alliance ${id.slice(0, 40)} here.`, {
    hints: ['Compare the chain and the contract with GET /v1/info. A new alliance is seen within seconds.'],
  });
}

/** Of all alliances, newest first. */
export async function allianceIds(db: Reader): Promise<string[]> {
  const rows = await db.selectFrom('alliances').select('id').execute();
  return rows.map(({ id }) => id).toSorted((a, b) => Number(b) - Number(a));
}

export async function findRound(db: Reader, alliance: string, round: number): Promise<KnownRound | undefined> {
  const rounds = db.selectFrom('rounds').selectAll().where('alliance', '=', alliance);
  const row = await rounds.where('round', '=', round).executeTakeFirst();
  return row && toRound(row);
}

/** Rounds that are closed, or that aren't, oldest first. */
export async function roundsOf(db: Reader, alliance: string, which: 'closed' | 'running'): Promise<KnownRound[]> {
  const rows = await db
    .selectFrom('rounds')
    .selectAll()
    .where('alliance', '=', alliance)
    .where('closed_at', which === 'closed' ? 'is not' : 'is', null)
    .orderBy('round')
    .execute();
  return rows.map(toRound);
}

function toRound(row: Tables['rounds']): KnownRound {
  return {
    round: row.round,
    state: fromText(roundStateSchema, row.state),
    chain: fromText(chainRoundSchema, row.chain),
    times: fromText(roundTimesSchema, row.times),
    bytes: row.bytes,
    lossChangeMicroNats: row.loss_change,
    closedAt: row.closed_at,
  };
}
