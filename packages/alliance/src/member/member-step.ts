import type { MessageKind } from '../message.ts';
import type { RoundView } from '../round-view.ts';
import { bringModel } from './bring-model.ts';
import { heedAlarm } from './check-candidate.ts';
import { commitPhase } from './commit-phase.ts';
import { fetchUploads } from './fetch-uploads.ts';
import { keysPhase } from './keys-phase.ts';
import type { MemberInput, MemberStep } from './member-input.ts';
import type { MemberRoundState } from './member-state.ts';
import { revealEffects } from './reveal-effects.ts';
import { readRoundMessages } from '../messages/round-messages.ts';
import { sharesPhase } from './shares-phase.ts';
import { sumPhase } from './sum-phase.ts';
import { survivorsPhase } from './survivors-phase.ts';
import { isSameSet, refuse, type Turn } from './turn.ts';
import { unmaskPhase } from './unmask-phase.ts';
import { uploadPhase } from './upload-phase.ts';

/** Kinds of messages that a member has to fetch before a step in this phase. */
export function messageKindsFor({ phase }: Pick<RoundView, 'phase'>): readonly MessageKind[] {
  switch (phase) {
    case 'keys':
      return ['round/keys/1'];
    case 'shares':
      return ['round/keys/1', 'round/shares/1'];
    case 'upload':
      return ['round/shares/1', 'round/upload/1'];
    case 'survivors':
      return ['round/upload/1', 'round/survivors/1'];
    case 'unmask':
      return ['round/upload/1', 'round/survivors/1', 'round/unmask/1'];
    case 'commit':
    case 'reveal':
      return ['round/keys/1', 'round/shares/1', 'round/upload/1', 'round/unmask/1', 'round/check/1', 'round/replay/1'];
    case 'sum':
      return ['round/keys/1', 'round/shares/1', 'round/upload/1', 'round/unmask/1'];
    case 'closed':
      return [];
  }
}

/**
 * One step of a member: from what it holds, what the hub tells and what it has read from the chain itself to its new
 * state and what is to be done. It believes the hub nothing that it can check, and does no harm where it can't. Steps may
 * be repeated at any time, from the state stored last.
 */
export async function memberStep(input: MemberInput): Promise<MemberStep> {
  const state = stateFor(input);
  if (state === undefined) return { state: input.state, effects: revealEffects(input.state, input) };
  const { domain, alliance, verify } = input;
  const messages = readRoundMessages(input.messages, { domain, alliance, round: state.round, verify });
  const turn: Turn = { input, messages, state, effects: [] };
  checkView(turn);
  if (messages.equivocation !== undefined) turn.effects.push({ kind: 'accuse', evidence: messages.equivocation });
  if (turn.state.refusal === null) {
    await runPhase(turn);
    fetchUploads(turn);
  }
  // A refusal found in the middle of a phase takes back what the phase wanted to say.
  const { refusal } = turn.state;
  const reveal = revealEffects(turn.state, input);
  if (refusal === null) return { state: turn.state, effects: [...turn.effects, ...reveal] };
  const accusations = turn.effects.filter(({ kind }) => kind === 'accuse');
  return { state: turn.state, effects: [...accusations, ...reveal, { kind: 'refuse', ...refusal }] };
}

/** The state of the round that hub and chain agree on; undefined while one of the two is behind, or for an old round. */
function stateFor({ state, view, chain, alliance, crypto, quantiserSeed }: MemberInput): MemberRoundState | undefined {
  if (view.round !== chain.round || view.attempt !== chain.attempt) return undefined;
  if (state !== null && state.round >= view.round) return state.round === view.round ? state : undefined;
  return {
    version: 'member-state/1',
    alliance,
    round: view.round,
    quantiserSeed,
    replayDraw: crypto.randomBytes(1)[0]! / 256,
    privacy: null,
    said: [],
    keyed: null,
    keysRoot: null,
    cohort: null,
    sharesRoot: null,
    upload: null,
    survivors: null,
    votes: [],
    refusal: null,
  };
}

/** What the hub says against what the chain says, and what the messages show at once. */
function checkView(turn: Turn): void {
  const { view, chain, alliance } = turn.input;
  const { forged } = turn.messages;
  if (forged !== undefined) refuse(turn, 'member/forged-message', forged.sentence, forged.value);
  if (view.alliance !== alliance) {
    refuse(turn, 'member/other-alliance', `The hub answers for alliance ${view.alliance}, not ${alliance}.`, view);
  }
  if (view.model !== chain.model) {
    const sentence = `The hub names ${view.model} as the model of round ${view.round}; on the chain it is ${chain.model}.`;
    refuse(turn, 'member/wrong-model-digest', sentence, view);
  }
  const named = view.members.map(({ address, index }) => `${address} ${index}`);
  const onChain = chain.members.map(({ address, index }) => `${address} ${index}`);
  if (!isSameSet(named as never, onChain as never)) {
    refuse(turn, 'member/other-members', 'The hub names other members of this round than the chain.', view);
  }
}

async function runPhase(turn: Turn): Promise<void> {
  const isSecure = turn.input.plan.aggregation.kind === 'secure';
  switch (turn.input.view.phase) {
    case 'keys':
      return isSecure ? keysPhase(turn) : undefined;
    case 'shares':
      return isSecure ? sharesPhase(turn) : undefined;
    case 'upload':
      return uploadPhase(turn);
    case 'survivors':
      return survivorsPhase(turn);
    case 'unmask':
      return isSecure ? unmaskPhase(turn) : undefined;
    case 'commit':
      return commitPhase(turn);
    case 'reveal':
      await heedAlarm(turn);
      return bringModel(turn);
    case 'sum':
      return sumPhase(turn);
    case 'closed':
      return bringModel(turn);
  }
}
