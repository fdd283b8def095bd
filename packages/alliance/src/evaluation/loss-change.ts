/** A vote against a candidate that can't be right (wrong model, sum refuted): far above every loss. */
export const REJECTED_MICRO_NATS = 1_000_000_000_000;

/**
 * The vote on a candidate: its loss less that of the old model, in whole micro-nats a token, so that every party counts
 * with the same number. A loss that isn't finite rejects.
 * @param baseLoss nats a token
 */
export function lossChangeMicroNats(baseLoss: number, candidateLoss: number): number {
  const change = Math.round((candidateLoss - baseLoss) * 1_000_000);
  if (!Number.isFinite(change)) return REJECTED_MICRO_NATS;
  // Adding zero turns −0 into 0, which JSON and the chain don't tell apart.
  return Math.max(-REJECTED_MICRO_NATS, Math.min(REJECTED_MICRO_NATS, change)) + 0;
}
