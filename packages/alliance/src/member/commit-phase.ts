import { REJECTED_MICRO_NATS } from '../evaluation/loss-change.ts';
import { addressesOf } from '../member-set.ts';
import { toHex } from '../signing/abi-words.ts';
import { voteCommitment } from '../signing/vote-commitment.ts';
import { checkCandidate, type PostedCandidate } from './check-candidate.ts';
import { notice, type Turn } from './turn.ts';

/** Checks the posted sum and the model made of it, evaluates the model, and commits a vote. */
export async function commitPhase(turn: Turn): Promise<void> {
  const { chain, view } = turn.input;
  if (chain.status !== 'voting' || chain.candidate === null || chain.attempt !== view.attempt) return;
  const { candidate } = chain;
  const cohort = addressesOf(candidate.cohort, chain.members);
  const survivors = addressesOf(candidate.survivors, chain.members);
  if (cohort === undefined || survivors === undefined) return;
  const isDecided = turn.state.votes.some(({ attempt }) => attempt === chain.attempt);
  const verdict = isDecided ? undefined : await verdictOn(turn, { candidate, cohort, survivors });
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
  if (checked === 'pending') return undefined;
  if (checked === 'wrong') return REJECTED_MICRO_NATS;
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
