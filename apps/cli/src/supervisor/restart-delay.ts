const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** A program that ran this long had started well; its next end is a new story. */
const HEALTHY_MS = 30_000;

/** How long to wait before a program that ended is started again: twice as long each time it ends soon after its start. */
export function nextRestartDelayMs(previousDelayMs: number | null, ranMs: number): number {
  if (previousDelayMs === null || ranMs >= HEALTHY_MS) return FIRST_DELAY_MS;
  return Math.min(LONGEST_DELAY_MS, previousDelayMs * 2);
}
