import type { Message } from '@skein/alliance';
import type { Digest } from '@skein/core';

/** A blob that a message speaks of, and may therefore be stored. */
export interface Announcement {
  readonly root: Digest;
  readonly size_bytes: number;
}

export function announcementsOf(message: Message): Announcement[] {
  if (message.kind === 'round/upload/1') return [{ root: message.body.root, size_bytes: message.body.sizeBytes }];
  if (message.kind !== 'round/sum/1') return [];
  const { sum, sumBytes, model, modelBytes } = message.body;
  return [
    { root: sum, size_bytes: sumBytes },
    { root: model, size_bytes: modelBytes },
  ].filter(({ root }, at, all) => all.findIndex((each) => each.root === root) === at);
}
