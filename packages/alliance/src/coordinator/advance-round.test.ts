import { digestOfBytes } from '@skein/core';
import { describe, expect, it } from 'vitest';
import type { Candidate, ChainRound } from '../chain-round.ts';
import { candidateSeconds } from '../plan.ts';
import { aggregators, memberAt, OPENED_AT, sampleDigest, sampleFacts, withSent } from '../testing/sample-facts.ts';
import { samplePlan } from '../testing/sample-plan.ts';
import { advanceRound } from './advance-round.ts';
import { type AllianceOnChain, nextRoundAction } from './keeper-actions.ts';
import { openRoundState, type RoundFacts, type RoundState } from './round-state.ts';
import { viewOf } from './view-of.ts';

const plan = samplePlan();
const deadline = OPENED_AT + candidateSeconds(plan);
const everybody = [0, 1, 2, 3];
const candidate: Candidate = {
  aggregator: aggregators[1]!,
  cohort: '15',
  survivors: '15',
  uploadsRoot: sampleDigest,
  sum: digestOfBytes(Uint8Array.of(2)),
  model: digestOfBytes(Uint8Array.of(3)),
};
const voting: Partial<ChainRound> = { status: 'voting', candidate, deadline: 2000, revealDeadline: 2060 };

/** The state after these facts at this time, from the beginning, through JSON and twice, as a hub would. */
function stateAfter(steps: readonly (readonly [RoundFacts, number])[], usePlan = plan): RoundState {
  let state = openRoundState(usePlan, steps[0]![0]);
  for (const [facts, now] of steps) {
    state = JSON.parse(JSON.stringify(advanceRound(usePlan, state, facts, now).state)) as RoundState;
    expect(advanceRound(usePlan, state, facts, now).state).toEqual(state);
  }
  return state;
}

const facts = sampleFacts(4, deadline);
const keyed = withSent(facts, 'round/keys/1', everybody);
const shared = withSent(keyed, 'round/shares/1', everybody);
const uploaded = { ...shared, uploaded: everybody.map(memberAt) };
const signed = withSent(uploaded, 'round/survivors/1', everybody);
const opened = withSent(signed, 'round/unmask/1', everybody);

describe('a round', () => {
  it('goes through all phases as soon as everybody has answered', () => {
    const phases = [facts, keyed, shared, uploaded, signed, opened].map((known) => stateAfter([[known, 1001]]).phase);
    expect(phases).toEqual(['keys', 'shares', 'upload', 'survivors', 'unmask', 'sum']);
  });

  it('waits for those who are missing until the deadline, then goes on without them', () => {
    const three = withSent(facts, 'round/keys/1', [0, 1, 2]);
    expect(stateAfter([[three, 1029]])).toMatchObject({ phase: 'keys', keyed: null });
    expect(stateAfter([[three, 1030]])).toMatchObject({
      phase: 'shares',
      keyed: [0, 1, 2].map(memberAt),
      deadline: 1060,
    });
  });

  it('never changes a list that is fixed, whatever comes late', () => {
    const three = withSent(facts, 'round/keys/1', [0, 1, 2]);
    const late = withSent(withSent(three, 'round/keys/1', [3]), 'round/shares/1', everybody);
    const state = stateAfter([
      [three, 1030],
      [late, 1031],
    ]);
    expect(state).toMatchObject({ phase: 'upload', keyed: [0, 1, 2].map(memberAt), cohort: [0, 1, 2].map(memberAt) });
  });

  it.each<[string, RoundFacts, number]>([
    ['too-few-members', withSent(facts, 'round/keys/1', [0, 1]), 1030],
    ['too-few-members', withSent(keyed, 'round/shares/1', [0, 1]), 1060],
    ['too-few-survivors', { ...shared, uploaded: [0, 1].map(memberAt) }, 1700],
    ['no-quorum', withSent(uploaded, 'round/survivors/1', [0, 1, 2]), 1700],
    ['too-few-openings', withSent(signed, 'round/unmask/1', [0, 1]), 1700],
    ['no-sum', opened, deadline],
  ])('fails with %s', (failure, known, now) => {
    const state = stateAfter([
      [known, 1001],
      [known, now],
    ]);
    expect(state).toMatchObject({ phase: 'closed', failure, accepted: false });
    expect(viewOf(plan, state, known, now).result).toEqual({ accepted: false, reason: failure, model: sampleDigest });
  });

  it('takes no cohort in which a third of all members would leave a single honest one', () => {
    const seven = sampleFacts(7, deadline);
    const startedWith = (count: number) => {
      const senders = Array.from({ length: count }, (_, index) => index);
      return stateAfter([[withSent(seven, 'round/keys/1', senders), 1030]]);
    };
    expect(startedWith(3)).toMatchObject({ phase: 'closed', failure: 'too-few-members' });
    expect(startedWith(4)).toMatchObject({ phase: 'shares' });
  });

  it('is failed on the chain only when the chain allows it', () => {
    const state = stateAfter([[withSent(facts, 'round/keys/1', [0]), 1030]]);
    expect(advanceRound(plan, state, facts, deadline - 1).actions).toEqual([]);
    expect(advanceRound(plan, state, facts, deadline).actions).toEqual([{ kind: 'failRound', round: 1 }]);
  });

  it('follows the chain into the vote and out of it', () => {
    const known = { ...opened, chain: { ...facts.chain, ...voting } };
    expect(stateAfter([[known, 1900]])).toMatchObject({ phase: 'commit', deadline: 2000 });
    expect(stateAfter([[known, 2000]])).toMatchObject({ phase: 'reveal', deadline: 2060 });
    const accepted = { ...known, chain: { ...known.chain, status: 'accepted' as const } };
    expect(stateAfter([[accepted, 2001]])).toMatchObject({ phase: 'closed', accepted: true, model: candidate.model });
    const kept = { ...known, chain: { ...known.chain, status: 'kept' as const } };
    expect(stateAfter([[kept, 2001]])).toMatchObject({ phase: 'closed', accepted: false, model: sampleDigest });
  });

  it('is finalized in the order of losses when all have revealed, or the time for it is over', () => {
    const committed = everybody.map(memberAt);
    const votes = [5, -3, 0].map((lossChangeMicroNats, index) => ({ evaluator: memberAt(index), lossChangeMicroNats }));
    const known = { ...opened, chain: { ...facts.chain, ...voting, committed, revealed: votes } };
    const state = stateAfter([[known, 2000]]);
    expect(advanceRound(plan, state, known, 2059).actions).toEqual([]);
    const action = { kind: 'finalizeRound', round: 1, order: [1, 2, 0].map(memberAt) };
    expect(advanceRound(plan, state, known, 2060).actions).toEqual([action]);
    const complete = { ...known, chain: { ...known.chain, committed: committed.slice(0, 3) } };
    expect(advanceRound(plan, state, complete, 2001).actions).toEqual([action]);
  });

  it('waits for the model of a candidate that has won, but not past the phase and not for one that has lost', () => {
    const committed = [0, 1, 2].map(memberAt);
    const voted = (lossChanges: readonly number[]) => {
      const revealed = lossChanges.map((lossChangeMicroNats, index) => ({
        evaluator: memberAt(index),
        lossChangeMicroNats,
      }));
      return { ...facts.chain, ...voting, committed, revealed };
    };
    const actionsAt = (now: number, isModelHere: boolean, lossChanges = [5, -3, -1]) => {
      const known = { ...opened, chain: voted(lossChanges), isModelHere };
      return advanceRound(plan, stateAfter([[known, 2000]]), known, now).actions.map(({ kind }) => kind);
    };
    expect(actionsAt(2001, false)).toEqual([]);
    expect(actionsAt(2001, true)).toEqual(['finalizeRound']);
    expect(actionsAt(2060, false)).toEqual(['finalizeRound']);
    expect(actionsAt(2001, false, [5, 1e9, 1e9])).toEqual(['finalizeRound']);
  });

  it('has the survivors sign again and the next aggregator add up when a sum was refuted', () => {
    const replayed = digestOfBytes(Uint8Array.of(9));
    const chain = { ...facts.chain, ...voting };
    const refutations = [0, 1, 2].map((index) => ({
      attempt: 0,
      sender: memberAt(index),
      posted: candidate.sum,
      replayed,
    }));
    const known = { ...opened, chain, refutations };
    const state = stateAfter([[known, 1900]]);
    const signers = [0, 1, 2].map(memberAt);
    expect(advanceRound(plan, state, known, 1901).actions).toEqual([
      { kind: 'refuteSum', round: 1, attempt: 0, replayed, signers },
    ]);
    expect(advanceRound(plan, state, { ...known, refutations: refutations.slice(1) }, 1901).actions).toEqual([]);

    const again = { ...opened, chain: { ...facts.chain, attempt: 1, deadline: 3000 } };
    const second = advanceRound(plan, state, again, 1950).state;
    expect(second).toMatchObject({ phase: 'survivors', attempt: 1, survivors: everybody.map(memberAt) });
    const resigned = withSent(again, 'round/survivors/1', everybody, 1);
    const summing = advanceRound(plan, second, resigned, 1951).state;
    expect(summing).toMatchObject({ phase: 'sum', deadline: 3000 });
    expect(viewOf(plan, summing, resigned, 1951).aggregator).toBe(aggregators[0]);
  });

  it('gives every aggregator its turn within the sum phase', () => {
    const state = stateAfter([[opened, 1100]]);
    const turns = [1100, 1159, 1160, 1219, 1220].map((now) => viewOf(plan, state, opened, now).aggregator);
    expect(turns).toEqual([aggregators[1], aggregators[1], aggregators[0], aggregators[0], aggregators[1]]);
  });

  it('starts with the upload in clear mode, with whoever comes as its cohort', () => {
    const clear = samplePlan({ aggregation: { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 2 } });
    const known = { ...sampleFacts(4, 2000), uploaded: [0, 1, 3].map(memberAt) };
    const survivors = [0, 1, 3].map(memberAt);
    expect(stateAfter([[known, 1600]], clear)).toMatchObject({ phase: 'survivors', cohort: survivors, survivors });
    const signedByAll = withSent(known, 'round/survivors/1', [0, 1, 3]);
    expect(stateAfter([[signedByAll, 1600]], clear).phase).toBe('sum');
  });
});

describe('the next round', () => {
  const idle: AllianceOnChain = { status: 'active', paused: false, round: 1, isRoundOpen: false, memberCount: 3 };

  it('is opened where the contract would accept it', () => {
    expect(nextRoundAction(plan, idle)).toEqual({ kind: 'openRound', round: 2 });
    const others: Partial<AllianceOnChain>[] = [
      { status: 'forming' },
      { paused: true },
      { isRoundOpen: true },
      { memberCount: 2 },
      { round: 4 },
    ];
    for (const other of others) expect(nextRoundAction(plan, { ...idle, ...other })).toBeNull();
  });
});
