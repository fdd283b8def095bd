import { digestOfBytes } from '@skein/core';
import { expect, it } from 'vitest';
import { sampleDigest } from '../testing/sample-facts.ts';
import type { MemberEffect } from './member-input.ts';
import { bringModel } from './bring-model.ts';
import type { Turn } from './turn.ts';

const other = digestOfBytes(Uint8Array.of(7));
const candidate = { sum: sampleDigest, model: other };

function effectsOf(now: number, replay: object | undefined): readonly MemberEffect[] {
  const effects: MemberEffect[] = [];
  const input = {
    now,
    chain: { candidate, revealDeadline: 1000 },
    plan: { phases: { reveal: 100 } },
    outcomes: { replay },
  };
  bringModel({ input, effects } as unknown as Turn);
  return effects;
}

it('the model that the aggregator owes is brought by who has computed it, once half of the phase is over', () => {
  const replay = { posted: candidate.sum, sum: candidate.sum, model: candidate.model };
  expect(effectsOf(949, replay)).toEqual([]);
  expect(effectsOf(950, replay)).toEqual([{ kind: 'send-blob', root: candidate.model }]);
  expect(effectsOf(950, undefined)).toEqual([]);
  expect(effectsOf(950, { ...replay, model: sampleDigest })).toEqual([]);
  expect(effectsOf(950, { ...replay, posted: other })).toEqual([]);
});
