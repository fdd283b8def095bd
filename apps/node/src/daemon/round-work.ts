import type { BodyOf, MessageVerifier } from '@skein/alliance';
import type { AcceptedMessage } from '@skein/client';
import type { Digest } from '@skein/core';
import type { AllianceContext } from './alliance-context.ts';
import type { Jobs } from './jobs.ts';
import type { RoundFolder } from './round-folder.ts';

/** What was added up: the same job gives the same bytes. */
export interface KnownSum {
  readonly body: BodyOf<'round/sum/1'>;
  /** Whether the sum itself was kept, too: only who posts it sends it. */
  readonly keepsSum: boolean;
}

/** One round of one alliance under way. */
export interface RoundWork {
  readonly context: AllianceContext;
  readonly round: number;
  readonly folder: RoundFolder;
  readonly jobs: Jobs;
  /** Has the loop look again at once. */
  readonly wake: () => void;
  /** Lists of messages that no longer grow. */
  readonly complete: Map<string, readonly AcceptedMessage[]>;
  readonly verify: MessageVerifier;
  /** What was told already, so that it is told once. */
  readonly told: Set<string>;
  /** What was added up already, by the digest of its job; in memory only, since it can be computed again. */
  readonly sums: Map<Digest, KnownSum>;
  /** What is being added up now: two at once would write the same files. */
  readonly adding: Map<Digest, Promise<unknown>>;
}
