/** Lets a loop sleep until something happens or time is up. */
export interface Wake {
  /** At once, or after a moment in which more may happen. */
  wake(afterMs?: number): void;
  /** Returns at once where something happened since the last wait. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createWake(): Wake {
  let isDue = false;
  let release: (() => void) | undefined;
  let later: NodeJS.Timeout | undefined;
  const wake = (): void => {
    clearTimeout(later);
    later = undefined;
    isDue = true;
    release?.();
  };
  return {
    wake(afterMs = 0) {
      if (afterMs === 0) wake();
      else later ??= setTimeout(wake, afterMs);
    },
    async wait(timeoutMs, signal) {
      signal.throwIfAborted();
      if (!isDue) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, timeoutMs);
        release = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
        clearTimeout(timer);
        release = undefined;
      }
      isDue = false;
      signal.throwIfAborted();
    },
  };
}
