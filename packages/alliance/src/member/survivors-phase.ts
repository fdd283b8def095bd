import { survivorsNeeded } from '../coordinator/quorums.ts';
import { orderAddresses } from '../member-set.ts';
import type { BodyOf, MessageOf } from '../message.ts';
import { messagesRoot } from '../signing/messages-root.ts';
import { survivorsBodyOf } from '../survivors-body.ts';
import type { Address } from '../units.ts';
import { shownMessages } from './shown-messages.ts';
import { isSameBody, isSameSet, notice, refuse, say, type Turn } from './turn.ts';

/** Signs the survivor set: one for the round, for ever; in a later attempt only the same again. */
export async function survivorsPhase(turn: Turn): Promise<void> {
  const { view, self } = turn.input;
  if (view.survivors === null || turn.state.upload === null) return;
  if (!view.survivors.includes(self)) {
    return notice(turn, 'member/left-out', "The hub doesn't count my upload; I sign no set without it.");
  }
  const set = await survivorSet(turn, orderAddresses(view.survivors));
  if (set === undefined) return;
  if (turn.state.survivors !== null && !isSameBody(turn.state.survivors, set.body)) {
    const evidence = { signed: turn.state.survivors, asked: set.body };
    return refuse(
      turn,
      'member/second-survivor-set',
      'The hub asks for a second survivor set in this round.',
      evidence,
    );
  }
  turn.state = { ...turn.state, survivors: set.body };
  say(turn, 'round/survivors/1', view.attempt, () => set.body);
}

/** A survivor set that the member stands behind. */
export interface SurvivorSetInView {
  readonly cohort: readonly Address[];
  readonly survivors: readonly Address[];
  readonly uploads: readonly MessageOf<'round/upload/1'>[];
  readonly body: BodyOf<'round/survivors/1'>;
}

/** The set that the hub names, with its signed uploads; undefined while some are missing, or where it is refused. */
export async function survivorSet(turn: Turn, survivors: readonly Address[]): Promise<SurvivorSetInView | undefined> {
  const { input, state } = turn;
  const { plan, chain, domain, view } = input;
  const isSecure = plan.aggregation.kind === 'secure';
  const cohort = isSecure ? state.cohort : orderAddresses(view.cohort ?? []);
  if (cohort === null) return undefined;
  const needed = survivorsNeeded(plan, chain.members.length);
  if (survivors.length < needed || survivors.some((address) => !cohort.includes(address))) {
    const sentence = `${survivors.length} survivors are below the ${needed} that are needed or outside the cohort.`;
    refuse(turn, 'member/too-few-survivors', sentence, { cohort, survivors });
    return undefined;
  }
  const stranger = cohort.find((address) => !chain.members.some((member) => member.address === address));
  if (stranger !== undefined) {
    refuse(turn, 'member/stranger', `The hub lists ${stranger}, who is no member of this round.`, { cohort });
    return undefined;
  }
  const uploads = await shownMessages(turn, 'round/upload/1', survivors);
  if (uploads === undefined) return undefined;
  const other = uploads.find(
    ({ body }) => body.shares !== state.sharesRoot || !isSameSet(body.cohort, isSecure ? cohort : []),
  );
  if (other !== undefined) {
    const sentence = `${other.sender} masked its upload for another cohort than I did.`;
    refuse(turn, 'member/split-view', sentence, { message: other, cohort, sharesRoot: state.sharesRoot });
    return undefined;
  }
  const uploadsRoot = messagesRoot(domain, uploads);
  const body = survivorsBodyOf(chain.members, { cohort, survivors, uploadsRoot });
  return { cohort, survivors, uploads, body };
}
