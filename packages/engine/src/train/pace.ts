export interface Pace {
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

/**
 * Measures how fast a run goes. The speed is of the last step alone; the time left is from all steps of this process,
 * evaluations and checkpoints between them included.
 * @param now milliseconds of a clock that does not go back.
 */
export function createPace(now: () => number, totalSteps: number) {
  const startedMs = now();
  let stepStartedMs = startedMs;
  let stepsDone = 0;
  return {
    beginStep(): void {
      stepStartedMs = now();
    },
    endStep(step: number, tokens: number): Pace {
      stepsDone++;
      const nowMs = now();
      const secondsPerStep = (nowMs - startedMs) / 1000 / stepsDone;
      // A clock too coarse to see the step says nothing about its speed.
      const stepMs = nowMs - stepStartedMs;
      return {
        tokensPerSecond: stepMs > 0 ? (tokens * 1000) / stepMs : 0,
        secondsLeft: (totalSteps - step) * secondsPerStep,
      };
    },
  };
}
