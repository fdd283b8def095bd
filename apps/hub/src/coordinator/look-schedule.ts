import { HASTENED_POLL_SHARE, LONGEST_CHAIN_PAUSE_MS } from '../limits.ts';

/** When the chain is looked at next. */
export interface LookSchedule {
  dueInMs(): number;
  /** The next look is due now. */
  now(): void;
  /** The next look comes sooner; a chain out of reach is left its pause. */
  hasten(): void;
  /** A look begins: what is asked for from here on asks for another. */
  begin(): void;
  /** The pause after it doubles with each failure. */
  end(isOk: boolean): void;
}

/** @param pollMs between two looks */
export function createLookSchedule(pollMs: number): LookSchedule {
  let endedMs = 0;
  let nextMs = 0;
  let failures = 0;
  let isHastened = false;
  return {
    dueInMs() {
      const hastenedMs = isHastened && failures === 0 ? endedMs + pollMs * HASTENED_POLL_SHARE : nextMs;
      return Math.max(0, Math.min(nextMs, hastenedMs) - performance.now());
    },
    now: () => void (nextMs = 0),
    hasten: () => void (isHastened = true),
    begin: () => void (isHastened = false),
    end(isOk) {
      failures = isOk ? 0 : failures + 1;
      endedMs = performance.now();
      nextMs = endedMs + Math.min(LONGEST_CHAIN_PAUSE_MS, pollMs * 2 ** failures);
    },
  };
}
