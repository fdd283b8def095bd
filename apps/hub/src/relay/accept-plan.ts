import { candidateSeconds, digestOfPlan, parsePlan, type Plan } from '@skein/alliance';
import { BaseError, type Digest } from '@skein/core';
import { allianceReadingSchema, type AllianceReading } from '../chain/alliance-reading.ts';
import type { TransparencyLog } from '../log/transparency-log.ts';
import { type Database, transact } from '../storage/database.ts';
import { fromText, toText } from '../storage/json.ts';

/**
 * Takes the plan that a digest on the chain names. Anybody may bring it; it is logged once.
 * @returns the alliances that it is the plan of
 * @throws BaseError `alliance/bad-plan`, `hub/wrong-plan`, `hub/unknown-plan`, `hub/plan-contradicts-chain`
 */
export async function acceptPlan(
  { db, log }: { readonly db: Database; readonly log: TransparencyLog },
  digest: Digest,
  value: unknown,
): Promise<string[]> {
  const plan = parsePlan(value);
  if (digestOfPlan(plan) !== digest) {
    throw new BaseError('hub/wrong-plan', `This plan is named ${digestOfPlan(plan)}, not ${digest}.`, {
      hints: ['Send the plan as it was when the alliance was created.'],
    });
  }
  const rows = await db.selectFrom('alliances').select('chain').where('plan_digest', '=', digest).execute();
  const readings = rows.map((row) => fromText(allianceReadingSchema, row.chain));
  if (readings.length === 0) {
    throw new BaseError('hub/unknown-plan', `No alliance on the chain has the plan ${digest} (yet).`, {
      hints: ['Create the alliance first; the hub sees it within seconds.'],
    });
  }
  for (const reading of readings) assertAgrees(plan, reading);
  await transact(db, async (write) => {
    const known = await write.selectFrom('plans').select('digest').where('digest', '=', digest).executeTakeFirst();
    if (known !== undefined) return;
    await write
      .insertInto('plans')
      .values({ digest, json: toText(plan) })
      .execute();
    const { name, baseModel, initialModel } = plan;
    const claim = { name: `plan/${name}`, digest, predicate: { name, baseModel } };
    await log.append(write, { type: 'urn:skein:plan/1', ...claim });
    await write
      .insertInto('announcements')
      .values(
        readings.map(({ id, creator }) => ({
          root: initialModel,
          alliance: id,
          round: 0,
          kind: 'plan',
          sender: creator,
          size_bytes: null,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
  return readings.map(({ id }) => id);
}

/** The contract decides by its own parameters; a plan that says something else would mislead its readers. */
function assertAgrees(plan: Plan, { id, initialModel, params }: AllianceReading): void {
  const said = {
    initialModel: plan.initialModel,
    pool: plan.pool,
    stake: plan.stake,
    aggregatorStake: plan.aggregatorStake,
    rounds: plan.rounds,
    minMembers: plan.minMembers,
    maxMembers: plan.maxMembers,
    joinMode: plan.join,
    candidateSeconds: candidateSeconds(plan),
    commitSeconds: plan.phases.commit,
    revealSeconds: plan.phases.reveal,
    toleranceMicroNats: plan.toleranceMicroNats,
    evaluatorFeeBps: plan.evaluatorFeeBps,
    unrevealedPenaltyBps: plan.unrevealedPenaltyBps,
  };
  const fixed: Readonly<Record<string, unknown>> = { ...params, initialModel };
  for (const [name, value] of Object.entries(said)) {
    if (fixed[name] === value) continue;
    const sentence = `The plan says ${name} ${value}, but alliance ${id} was created with ${String(fixed[name])}.`;
    throw new BaseError('hub/plan-contradicts-chain', sentence, {
      hints: ['Don’t join it: its creator promised one thing and had another fixed.'],
    });
  }
}
