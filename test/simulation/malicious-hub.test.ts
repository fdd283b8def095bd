import { describe, expect, it } from 'vitest';
import { hubLies, type NamedLie } from './hub-lies.ts';
import { judge } from './judge.ts';
import { createWorld } from './world.ts';

const CALM = { crash: 0, long: 0, loss: 0, duplicate: 0, delaySeconds: 1 };

/** What the honest members of an alliance refuse when the hub and its first members tell a lie. */
async function refusalsOf({ name, make }: NamedLie, members: number, corrupt: number) {
  const world = createWorld({ outsideAggregators: 1, weather: CALM, rounds: 2, seed: `lie ${name}`, members });
  const addresses = world.contract.parties.map(({ address }) => address);
  world.hub.lies = make({
    victim: addresses[corrupt]!,
    corrupt: world.signers.slice(0, corrupt),
    members: addresses,
    domain: world.domain,
    earlier: () => world.hub.log.filter(({ round }) => round < world.contract.round),
  });
  await world.run();
  expect((await judge(world, addresses.slice(0, corrupt))).broken).toEqual([]);
  return world.nodes.slice(corrupt, members).flatMap((node) => node.refusals);
}

describe('a malicious hub with a member of its own', () => {
  it.each(hubLies)('that $name learns nothing', { timeout: 120_000 }, async (lie) => {
    const refusals = await refusalsOf(lie, 4, 1);
    const { codes } = lie;
    if (codes.length === 0) return expect(refusals).toEqual([]);
    // Refused by a member, in words, and with what shows it to others.
    expect(refusals.length).toBeGreaterThan(0);
    for (const { code, sentence, evidence } of refusals) {
      expect(codes).toContain(code);
      expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
      expect(evidence).toBeDefined();
    }
  });

  it('can’t choose a cohort of its two members and the victim, though the plan asks for three', async () => {
    const lie = hubLies.find(({ name }) => name === 'leaves the victim alone with its own')!;
    const refusals = await refusalsOf(lie, 7, 2);
    expect(refusals.map(({ code }) => code)).toContain('member/cohort-too-small');
  });
});
