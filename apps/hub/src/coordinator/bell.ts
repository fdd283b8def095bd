/** Wakes a loop early. A ring while nobody waits is kept for the next wait. */
export interface Bell {
  ring(): void;
  /** Resolves after `ms`, with a ring, or when the signal of the bell aborts. */
  wait(ms: number): Promise<void>;
}

export function createBell(signal: AbortSignal): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  signal.addEventListener('abort', ring, { once: true });
  return {
    ring,
    async wait(ms) {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rung = false;
      wake = undefined;
    },
  };
}
