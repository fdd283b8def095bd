import type { MessageVerifier } from '@skein/alliance';
import type { AcceptedMessage } from '@skein/client';
import type { AllianceContext } from './alliance-context.ts';
import type { Jobs } from './jobs.ts';
import type { RoundFolder } from './round-folder.ts';

/** One round of one alliance under way. */
export interface RoundWork {
  readonly context: AllianceContext;
  readonly round: number;
  readonly folder: RoundFolder;
  readonly jobs: Jobs;
  /** Lists of messages that no longer grow. */
  readonly complete: Map<string, readonly AcceptedMessage[]>;
  readonly verify: MessageVerifier;
  /** What was told already, so that it is told once. */
  readonly told: Set<string>;
}
