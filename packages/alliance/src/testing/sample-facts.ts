import { digestOfBytes } from '@skein/core';
import type { ChainRound } from '../chain-round.ts';
import type { RoundFacts } from '../coordinator/round-state.ts';
import type { MessageKind } from '../message.ts';
import { type Address, addressSchema } from '../units.ts';

/** The members' addresses: 0x00…, 0x01…, … */
export function memberAt(index: number): Address {
  return addressSchema.parse(`0x${index.toString(16).padStart(2, '0').repeat(20)}`);
}

export const aggregators = [addressSchema.parse(`0x${'a1'.repeat(20)}`), addressSchema.parse(`0x${'a2'.repeat(20)}`)];
export const sampleDigest = digestOfBytes(Uint8Array.of(1));
export const OPENED_AT = 1000;

/** What the hub knows of a round that has just been opened, with any part of the chain's replaced. */
export function sampleFacts(members: number, deadline: number, changes: Partial<ChainRound> = {}): RoundFacts {
  const chain: ChainRound = {
    round: 1,
    attempt: 0,
    status: 'open',
    openedAt: OPENED_AT,
    deadline,
    revealDeadline: null,
    model: sampleDigest,
    members: Array.from({ length: members }, (_, index) => ({ address: memberAt(index), index, weight: '1000' })),
    candidate: null,
    committed: [],
    revealed: [],
    aggregators: [...aggregators],
    ...changes,
  };
  return { alliance: '1', chain, modelBytes: 4000, sent: [], uploaded: [], isModelHere: true, refutations: [] };
}

/** The facts with messages of one kind from these members besides. */
export function withSent(facts: RoundFacts, kind: MessageKind, members: readonly number[], attempt = 0): RoundFacts {
  return { ...facts, sent: [...facts.sent, ...members.map((index) => ({ kind, attempt, sender: memberAt(index) }))] };
}
