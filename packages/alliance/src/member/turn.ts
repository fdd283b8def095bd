import { canonicalJson } from '@skein/core';
import type { BodyOf, MessageKind } from '../message.ts';
import { PROTOCOL } from '../message.ts';
import type { Unsigned } from '../signing/message-hash.ts';
import type { Address } from '../units.ts';
import type { MemberEffect, MemberInput } from './member-input.ts';
import { type MemberRoundState, saidBody } from './member-state.ts';
import type { RoundMessages } from '../messages/round-messages.ts';

/** One step in the making. */
export interface Turn {
  readonly input: MemberInput;
  readonly messages: RoundMessages;
  state: MemberRoundState;
  readonly effects: MemberEffect[];
}

/**
 * Decides on a message, or takes the one decided on before, and has it sent until the hub shows it.
 * @param body made only if there is none yet
 * @returns the body that was decided on
 */
export function say<Kind extends MessageKind>(
  turn: Turn,
  kind: Kind,
  attempt: number,
  body: () => BodyOf<Kind>,
): BodyOf<Kind> {
  const { input, state } = turn;
  const earlier = saidBody(state, kind, attempt);
  const decided = earlier ?? body();
  if (earlier === undefined) turn.state = { ...state, said: [...state.said, { kind, attempt, body: decided }] };
  if (turn.messages.of(kind, attempt, input.self) === undefined) {
    const { alliance, self } = input;
    const message = { protocol: PROTOCOL, alliance, round: state.round, attempt, sender: self, kind, body: decided };
    turn.effects.push({ kind: 'send', message: message as unknown as Unsigned });
  }
  return decided;
}

/** Notes why the member keeps still from here on. The first reason stands. */
export function refuse(turn: Turn, code: string, sentence: string, evidence: unknown): void {
  if (turn.state.refusal === null) turn.state = { ...turn.state, refusal: { code, sentence, evidence } };
}

/** Tells the owner something that stops nobody. */
export function notice(turn: Turn, code: string, sentence: string): void {
  turn.effects.push({ kind: 'notice', code, sentence });
}

/** Whether two lists hold the same addresses. */
export function isSameSet(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length && new Set([...a, ...b]).size === new Set(a).size;
}

/** Whether two bodies say the same. */
export function isSameBody(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
