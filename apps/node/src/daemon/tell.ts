import { keepEvidence } from './evidence.ts';
import type { RoundWork } from './round-work.ts';

export interface Finding {
  readonly code: string;
  readonly sentence: string;
  /** Kept in a file where there is some. */
  readonly evidence?: unknown;
}

/** Tells the owner of something once a round; what can be proved to others is kept under evidence/. */
export async function tell({ context, round, told }: RoundWork, { code, sentence, evidence }: Finding): Promise<void> {
  const name = `${code} ${sentence}`;
  if (told.has(name)) return;
  const { directory, membership, logger } = context;
  const { alliance } = membership;
  if (evidence === undefined || evidence === null) {
    logger.info({ code, round }, sentence);
  } else {
    const file = await keepEvidence(directory, { code, sentence, alliance, round, evidence });
    logger.error({ code, round, file }, sentence);
  }
  told.add(name);
}
