import { describe, expect, it } from 'vitest';
import { hubLies } from './hub-lies.ts';
import { judge } from './judge.ts';
import { createWorld } from './world.ts';

const CALM = { crash: 0, long: 0, loss: 0, duplicate: 0, delaySeconds: 1 };

describe('a malicious hub with a member of its own', () => {
  it.each(hubLies)('that $name learns nothing', { timeout: 120_000 }, async ({ name, codes, make }) => {
    const setup = { outsideAggregators: 1, weather: CALM, rounds: 2 };
    const world = createWorld({ ...setup, seed: `lie ${name}`, members: 4 });
    const members = world.contract.parties.map(({ address }) => address);
    world.hub.lies = make({
      victim: members[1]!,
      corrupt: [world.signers[0]!],
      members,
      domain: world.domain,
      earlier: () => world.hub.log.filter(({ round }) => round < world.contract.round),
    });
    await world.run();
    const refusals = world.nodes.slice(1, 4).flatMap((node) => node.refusals);
    expect((await judge(world, [members[0]!])).broken).toEqual([]);
    if (codes.length === 0) return expect(refusals).toEqual([]);
    // Refused by a member, in words, and with what shows it to others.
    expect(refusals.length).toBeGreaterThan(0);
    for (const { code, sentence, evidence } of refusals) {
      expect(codes).toContain(code);
      expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
      expect(evidence).toBeDefined();
    }
  });
});
