import { isDrawn } from './check-candidate.ts';
import type { Turn } from './turn.ts';

/** Fetches the others' uploads as they come, where this member is going to add them up: the sum then waits less. */
export function fetchUploads(turn: Turn): void {
  const { view, self } = turn.input;
  if (!['upload', 'survivors', 'unmask'].includes(view.phase)) return;
  const members = view.members.map(({ address }) => address);
  if (!isDrawn(turn, (view.cohort ?? members).length)) return;
  const come = view.survivors ?? members.filter((address) => !view.waitingFor.includes(address));
  for (const { sender, body } of turn.messages.some('round/upload/1', 0, come)) {
    if (sender !== self) turn.effects.push({ kind: 'fetch', root: body.root, sizeBytes: body.sizeBytes });
  }
}
