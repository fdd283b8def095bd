import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { runRandomWorld } from './random-world.ts';
import { createWorld } from './world.ts';

const CALM = { crash: 0, long: 0, loss: 0, duplicate: 0, delaySeconds: 1 };
const setup = { members: 3, outsideAggregators: 1, rounds: 2, weather: CALM };

describe('simulated alliances', () => {
  // `npm run test:simulation` runs a thousand rounds; a seed that fails there fails here too.
  const seeds = Array.from({ length: 8 }, (_, index) => `suite-${index}`);
  it.each(seeds)('keep every promise (seed %s)', { timeout: 120_000 }, async (seed) => {
    const world = await runRandomWorld(seed, 4);
    expect(world.broken, `plot: ${world.plot}, ${world.members} members`).toEqual([]);
  });

  it('accept every good round where nothing goes wrong', async () => {
    const world = createWorld({ ...setup, seed: 'calm' });
    expect(await world.run()).toBe(true);
    expect(world.contract.closed.map(({ status }) => status)).toEqual(['accepted', 'accepted']);
    expect(world.hub.refusals).toEqual([]);
    expect((await judge(world, [])).broken).toEqual([]);
  });

  it('run the same way again from the same seed', async () => {
    const weather = { crash: 0.02, long: 0.2, loss: 0.1, duplicate: 0.3, delaySeconds: 10 };
    const logs = [];
    for (let i = 0; i < 2; i++) {
      const world = createWorld({ ...setup, weather, seed: 'again' });
      await world.run();
      logs.push(world.hub.log);
    }
    expect(logs[0]).toEqual(logs[1]);
  });
});

describe('the judge', () => {
  async function judged(seed: string, tamper: (world: ReturnType<typeof createWorld>) => void) {
    const world = createWorld({ ...setup, seed });
    await world.run();
    tamper(world);
    return (await judge(world, [])).broken;
  }

  it('sees a unit of money that is lost', async () => {
    const broken = await judged('money', ({ contract }) => void (contract.refunded -= 1n));
    expect(broken).toEqual([expect.stringContaining('pool')]);
  });

  it('sees an honest party punished', async () => {
    const broken = await judged('slash', ({ contract, nodes, queue }) => {
      contract.slashings.push({ account: nodes[0]!.self, amount: 0n, why: 'refuted sum', at: queue.now });
    });
    expect(broken).toEqual([expect.stringContaining('punished')]);
  });

  it('sees an accepted model that the updates do not give', async () => {
    const broken = await judged('model', ({ contract, nodes }) => {
      nodes[1]!.updates.get(2)![3]! += 1;
      expect(contract.closed[1]!.status).toBe('accepted');
    });
    expect(broken).toEqual([expect.stringContaining('the model is')]);
  });

  it('sees members who open both kinds of share, and the update that falls out', async () => {
    const broken = await judged('shares', ({ nodes }) => {
      const victim = nodes[0]!.self;
      for (const node of nodes.slice(1, 3)) {
        const { received } = JSON.parse(node.disk.history.get(1)!).privacy;
        const key = '1 0 round/unmask/1 0';
        const message = JSON.parse(node.disk.signed.get(key)!);
        message.body.maskSecrets = { [victim]: `0x${received.opened[victim].maskSecret}` };
        node.disk.signed.set(key, JSON.stringify(message));
      }
    });
    expect(broken).toContainEqual(expect.stringContaining('both secrets'));
    expect(broken).toContainEqual(expect.stringContaining('the sum of 1 of 3'));
  });
});
