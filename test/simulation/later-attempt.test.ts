import { type Address, type MemberInput, memberStateSchema, memberStep, messageKindsFor } from '@skein/alliance';
import { nodeCrypto } from '@skein/privacy/node';
import { describe, expect, it } from 'vitest';
import { createWorld } from './world.ts';

const CALM = { crash: 0, long: 0, loss: 0, duplicate: 0, delaySeconds: 1 };

/** A member that has signed a survivor set of four, and what it is asked in the next attempt. */
async function askedAgain(survivors: (all: readonly Address[]) => Address[]) {
  const world = createWorld({ seed: 'attempt', members: 4, outsideAggregators: 1, rounds: 1, weather: CALM });
  const node = world.nodes[0]!;
  const stored = () => (node.disk.member === null ? null : memberStateSchema.parse(JSON.parse(node.disk.member)));
  await world.run(() => (stored()?.survivors ?? null) !== null);
  const view = world.hub.view(node.self)!;
  const chain = world.contract.read()!;
  const attempt = 1;
  const asked = { ...view, attempt, phase: 'survivors' as const, survivors: survivors(view.survivors!) };
  const input: MemberInput = {
    plan: world.plan,
    domain: world.domain,
    alliance: '1',
    self: node.self,
    state: stored(),
    view: asked,
    chain: { ...chain, attempt },
    messages: world.hub.messages(node.self, messageKindsFor(asked)),
    outcomes: {},
    now: world.queue.now,
    crypto: nodeCrypto,
    quantiserSeed: '00'.repeat(32),
    log: {
      seen: world.hub.seenLog(node.self),
      includes: () => Promise.resolve(true),
      agrees: () => Promise.resolve(true),
    },
  };
  return await memberStep(input);
}

describe('a member asked to sign in a later attempt', () => {
  it('signs the same survivor set again', async () => {
    const { effects } = await askedAgain((all) => [...all]);
    const others = effects.filter(({ kind }) => kind !== 'fetch');
    expect(others).toMatchObject([{ kind: 'send', message: { kind: 'round/survivors/1', attempt: 1 } }]);
    // Whoever replays fetches the uploads of the other three.
    expect(effects).toHaveLength(1 + 3);
  });

  it('signs no other set, smaller though it be, and says what it was asked', async () => {
    const { state, effects } = await askedAgain((all) => all.slice(0, 3));
    expect(effects).toMatchObject([{ kind: 'refuse', code: 'member/second-survivor-set' }]);
    expect(state?.said.filter(({ kind }) => kind === 'round/survivors/1')).toHaveLength(1);
  });
});
