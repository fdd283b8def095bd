import { type RandomWorld, runRandomWorld } from './random-world.ts';

const ROUNDS_PER_WORLD = 4;

/** `npm run test:simulation [-- rounds [seed]]`: worlds until there were so many rounds; or the one whose seed is given. */
async function main([rounds = '1000', only]: readonly string[]): Promise<number> {
  const wanted = Number(rounds);
  if (!Number.isSafeInteger(wanted) || wanted < 1) throw new RangeError(`"${rounds}" is no number of rounds`);
  const totals = { accepted: 0, kept: 0, failed: 0, unseen: 0, broken: 0 };
  const punished: Record<string, number> = {};
  for (let index = 0; totals.accepted + totals.kept + totals.failed < wanted; index++) {
    const world = await runRandomWorld(only ?? `long-${index}`, ROUNDS_PER_WORLD);
    for (const status of ['accepted', 'kept', 'failed'] as const) totals[status] += world.rounds[status];
    totals.unseen += world.unseenSums;
    totals.broken += world.broken.length;
    for (const why of world.punished) punished[why] = (punished[why] ?? 0) + 1;
    tell(world);
    if (only !== undefined) break;
  }
  const { accepted, kept, failed, unseen, broken } = totals;
  console.log(`${accepted + kept + failed} rounds: ${accepted} accepted, ${kept} kept, ${failed} failed`);
  console.log(`punished: ${JSON.stringify(punished)}; wrong sums that nobody happened to replay: ${unseen}`);
  console.log(`${broken} broken promises`);
  return broken === 0 ? 0 : 1;
}

function tell({ seed, members, plot, rounds, broken }: RandomWorld): void {
  const result = `${rounds.accepted} accepted, ${rounds.kept} kept, ${rounds.failed} failed`;
  console.log(`seed ${seed}: ${members} members, ${plot}: ${result}`);
  for (const promise of broken) console.log(`  BROKEN: ${promise}`);
}

process.exitCode = await main(process.argv.slice(2));
