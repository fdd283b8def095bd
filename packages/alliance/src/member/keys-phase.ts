import { startMember } from '@skein/privacy';
import { keysBodyOf } from '../messages/privacy-bodies.ts';
import { say, type Turn } from './turn.ts';

/** Sends fresh keys. They are made once in a round, whatever the hub says later. */
export function keysPhase(turn: Turn): void {
  const { input } = turn;
  const context = { alliance: input.alliance, round: turn.state.round, attempt: 0 };
  const privacy = turn.state.privacy ?? startMember(input.crypto, context, input.self);
  turn.state = { ...turn.state, privacy };
  say(turn, 'round/keys/1', 0, () => keysBodyOf(privacy.publicKeys, input.log.seen));
}
