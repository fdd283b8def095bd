import type { AllianceRecord, ClosedRound } from '@skein/client';
import { type KnownAlliance, type KnownRound, roundsOf } from '../coordinator/alliance-store.ts';
import type { Database } from '../storage/database.ts';

/** An alliance as the API shows it: the chain's last word, and what its events tell. */
export async function allianceRecord(db: Database, { reading, plan }: KnownAlliance): Promise<AllianceRecord> {
  const events = await db
    .selectFrom('chain_events')
    .select(['name', 'time', 'args'])
    .where('alliance', '=', reading.id)
    .where('name', 'in', ['MemberJoined', 'RoundClosed', 'AllianceClosed'])
    .orderBy('block')
    .orderBy('position')
    .execute();
  const named = (name: string) =>
    events
      .filter((event) => event.name === name)
      .map(({ time, args }) => ({ time, args: JSON.parse(args) as Record<string, unknown> }));
  const joined = new Map(named('MemberJoined').map(({ time, args }) => [String(args['account']).toLowerCase(), time]));
  const sum = (name: string, field: string): bigint =>
    named(name).reduce((total, { args }) => total + BigInt(String(args[field])), 0n);
  const paid = sum('RoundClosed', 'paid');
  const refunded = sum('AllianceClosed', 'refund');
  const pool = BigInt(reading.params.pool);
  // The chain is read ahead of its events; an alliance is over here once its money is told to the end.
  const isOver = reading.status === 'finished' || reading.status === 'cancelled';
  const status = isOver && named('AllianceClosed').length === 0 ? 'active' : reading.status;
  return {
    id: reading.id,
    status: reading.paused && status === 'active' ? 'paused' : status,
    creator: reading.creator,
    planDigest: reading.planDigest,
    plan,
    members: reading.members.map(({ address, index, isActive }) => ({
      address,
      index,
      joinedAt: joined.get(address) ?? 0,
      // When an alliance has ended its members are free, but haven't left it.
      left: !isActive && !isOver,
    })),
    roundsClosed: named('RoundClosed').length,
    model: reading.model,
    money: { in: String(pool), paid: String(paid), refunded: String(refunded), held: String(pool - paid - refunded) },
  };
}

export async function closedRounds(db: Database, alliance: string): Promise<ClosedRound[]> {
  return (await roundsOf(db, alliance, 'closed')).map(closedRound);
}

function closedRound({ round, state, chain, times, bytes, lossChangeMicroNats, closedAt }: KnownRound): ClosedRound {
  return {
    round,
    attempt: state.attempt,
    openedAt: chain.openedAt,
    closedAt: closedAt ?? 0,
    cohort: state.cohort ?? [],
    survivors: state.survivors ?? [],
    aggregator: chain.candidate?.aggregator ?? null,
    sum: chain.candidate?.sum ?? null,
    lossChangeMicroNats,
    result: { accepted: state.accepted, reason: state.failure, model: state.model ?? chain.model },
    phaseSeconds: times.seconds,
    bytes,
  };
}
