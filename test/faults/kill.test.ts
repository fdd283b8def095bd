import { describe, expect, it } from 'vitest';
import { planKills } from './kill-plan.ts';
import { MEMBERS, runAlliance } from './run-alliance.ts';

/** `npm run test:faults` asks for 200; the default suite has the short version. */
const KILLS = Number(process.env.SKEIN_KILLS ?? 10);
const SEED = Number(process.env.SKEIN_SEED ?? 1);
/** More than the kills can last: a round moves on for a second or so between two of them, and takes two or more. */
const ROUNDS = Math.max(12, KILLS);

describe(`an alliance of ${ROUNDS} rounds whose processes are killed ${KILLS} times, seed ${SEED}`, () => {
  it('ends as if nothing had happened', { timeout: 3_600_000 }, async ({ signal }) => {
    const quiet = await runAlliance(ROUNDS, [], signal);
    // Voted on, every one; a vote may keep the old model.
    expect(quiet.rounds.map(({ result }) => result.reason)).toEqual(Array.from({ length: ROUNDS }, () => null));
    const victims = ['chain', 'hub', 'aggregator', ...MEMBERS.map((name) => `node ${name}`)];
    const killed = await runAlliance(ROUNDS, planKills(SEED, KILLS, victims), signal);
    expect(killed.kills).toBeGreaterThanOrEqual(KILLS);

    expect(killed.modelDigest).toBe(quiet.modelDigest);
    expect(killed.rounds.map(outcomeOf)).toEqual(quiet.rounds.map(outcomeOf));
    expect(killed.rounds.every(({ survivors }) => survivors.length === MEMBERS.length)).toBe(true);
    for (const { money, bonds, earned, memberStates } of [quiet, killed]) {
      const { in: paidIn, paid, refunded, held } = money;
      expect(BigInt(paid) + BigInt(refunded) + BigInt(held)).toBe(BigInt(paidIn));
      expect(earned.reduce((sum, each) => sum + each, 0n)).toBe(BigInt(paid));
      expect(memberStates).toEqual(MEMBERS.map(() => 'active'));
      expect(bonds).toEqual(quiet.bonds);
    }
  });
});

function outcomeOf({
  round,
  attempt,
  result,
}: {
  round: number;
  attempt: number;
  result: { accepted: boolean; model: string };
}) {
  return { round, attempt, accepted: result.accepted, model: result.model };
}
