import { REJECTED_MICRO_NATS } from '../evaluation/loss-change.ts';
import { toHex } from '../signing/abi-words.ts';
import { voteCommitment } from '../signing/vote-commitment.ts';
import { checkCandidate, heedAlarm } from './check-candidate.ts';
import { type PostedCandidate, postedCandidate } from './posted-candidate.ts';
import { notice, type Turn } from './turn.ts';

/** Checks the posted sum and the model made of it, evaluates the model, and commits a vote. */
export async function commitPhase(turn: Turn): Promise<void> {
  const { chain } = turn.input;
  const posted = postedCandidate(turn);
  if (posted === undefined) return;
  const isDecided = turn.state.votes.some(({ attempt }) => attempt === chain.attempt);
  const verdict = isDecided ? await heedAlarm(turn) : await verdictOn(turn, posted);
  if (verdict !== undefined) decide(turn, verdict);
  commit(turn);
}

/** The loss change to vote with; undefined while something is still to be done. */
async function verdictOn(turn: Turn, posted: PostedCandidate): Promise<number | undefined> {
  const { candidate } = posted;
  const { survivors: signed } = turn.state;
  if (signed !== null && (signed.survivors !== candidate.survivors || signed.uploadsRoot !== candidate.uploadsRoot)) {
    const sentence = 'The candidate sums up another survivor set than I signed; I vote against it.';
    notice(turn, 'member/other-survivors', sentence);
    return REJECTED_MICRO_NATS;
  }
  const checked = await checkCandidate(turn, posted);
  if (checked === 'wrong') return REJECTED_MICRO_NATS;
  if (checked !== 'right') return undefined;
  const { evaluation } = turn.input.outcomes;
  if (evaluation?.model === candidate.model) return evaluation.lossChangeMicroNats;
  turn.effects.push({ kind: 'evaluate', base: turn.input.chain.model, candidate: candidate.model });
  return undefined;
}

function decide(turn: Turn, lossChangeMicroNats: number): void {
  const { alliance, self, chain, crypto } = turn.input;
  const salt = toHex(crypto.randomBytes(32));
  const { round, attempt } = chain;
  const commitment = voteCommitment({ alliance, round, attempt, evaluator: self, lossChangeMicroNats, salt });
  turn.state = { ...turn.state, votes: [...turn.state.votes, { attempt, lossChangeMicroNats, salt, commitment }] };
}

function commit(turn: Turn): void {
  const { chain, self, now } = turn.input;
  const vote = turn.state.votes.find(({ attempt }) => attempt === chain.attempt);
  if (vote === undefined || chain.committed.includes(self) || now >= chain.deadline) return;
  turn.effects.push({ kind: 'commit-vote', attempt: vote.attempt, commitment: vote.commitment });
}
