import { PHASES, type Phase } from '@skein/alliance';
import { z } from 'zod';

/** How long a round's phases took by the hub's clock. */
export const roundTimesSchema = z.strictObject({
  phase: z.enum(PHASES),
  /** Milliseconds since 1970. */
  enteredMs: z.number(),
  seconds: z.partialRecord(z.enum(PHASES), z.number().min(0)),
});

export type RoundTimes = z.infer<typeof roundTimesSchema>;

export function startTimes(phase: Phase, nowMs: number): RoundTimes {
  return { phase, enteredMs: nowMs, seconds: {} };
}

/** The times after the round has come into a phase; a phase that comes again, after a refuted sum, adds up. */
export function enterPhase(times: RoundTimes, phase: Phase, nowMs: number): RoundTimes {
  if (times.phase === phase) return times;
  const spent = Math.max(0, nowMs - times.enteredMs) / 1000;
  const seconds = { ...times.seconds, [times.phase]: (times.seconds[times.phase] ?? 0) + spent };
  return { phase, enteredMs: nowMs, seconds };
}
