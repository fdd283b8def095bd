import { digestOfBytes } from '@skein/core';
import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { NodeLies } from './node-model.ts';
import { createWorld } from './world.ts';

const CALM = { crash: 0, long: 0, loss: 0, duplicate: 0, delaySeconds: 1 };
const LOW_ORDER = `0x${'01'.padEnd(64, '0')}`;

function inKeys(change: object): NodeLies {
  return {
    say: (message) =>
      message.kind === 'round/keys/1' ? [{ ...message, body: { ...message.body, ...change } }] : [message],
  };
}

describe('a member alone', () => {
  it.each<[string, NodeLies]>([
    ['a log that isn’t the hub’s', inKeys({ log: { size: 1, root: digestOfBytes(Uint8Array.of(9)) } })],
    ['a log longer than the hub’s', inKeys({ log: { size: 1e6, root: digestOfBytes(Uint8Array.of(9)) } })],
    ['a key of low order', inKeys({ maskKey: LOW_ORDER })],
  ])('can’t stop the others’ rounds with keys that name %s', { timeout: 120_000 }, async (name, lies) => {
    const setup = { members: 4, outsideAggregators: 1, rounds: 2, weather: CALM };
    const world = createWorld({ ...setup, seed: `lone ${name}`, lies: new Map([[0, () => lies]]) });
    await world.run();
    const { broken, rounds } = await judge(world, [world.signers[0]!.address]);
    expect(broken).toEqual([]);
    expect(world.nodes.slice(1).flatMap(({ refusals }) => refusals)).toEqual([]);
    expect(rounds.failed).toBe(0);
  });
});
