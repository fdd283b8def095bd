import { runRandomWorld } from './random-world.ts';

const ROUNDS_PER_WORLD = 4;

/** `npm run test:simulation [-- rounds [seed]]`: many worlds, one after the other; or the one whose seed is given. */
async function main([rounds = '1000', only]: readonly string[]): Promise<number> {
  const prefix = 'long';
  const count = only === undefined ? Math.ceil(Number(rounds) / ROUNDS_PER_WORLD) : 1;
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`"${rounds}" is no number of rounds`);
  const totals = { accepted: 0, kept: 0, failed: 0, unseen: 0, broken: 0 };
  const faults: Record<string, number> = {};
  for (let index = 0; index < count; index++) {
    const world = await runRandomWorld(only ?? `${prefix}-${index}`, ROUNDS_PER_WORLD);
    totals.accepted += world.rounds.accepted;
    totals.kept += world.rounds.kept;
    totals.failed += world.rounds.failed;
    totals.unseen += world.unseenSums;
    totals.broken += world.broken.length;
    for (const why of world.punished) faults[why] = (faults[why] ?? 0) + 1;
    const { accepted, kept, failed } = world.rounds;
    const result = `${accepted} accepted, ${kept} kept, ${failed} failed`;
    console.log(`seed ${world.seed}: ${world.members} members, ${world.plot}: ${result}`);
    for (const promise of world.broken) console.log(`  BROKEN: ${promise}`);
  }
  console.log(
    `${totals.accepted + totals.kept + totals.failed} rounds: ${totals.accepted} accepted, ${totals.kept} kept, ` +
      `${totals.failed} failed; ${totals.unseen} wrong sums that nobody happened to replay; ${totals.broken} broken promises`,
  );
  console.log(`punished: ${JSON.stringify(faults)}`);
  return totals.broken === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
