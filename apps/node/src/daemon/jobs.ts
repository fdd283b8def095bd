import type { Outages } from './outages.ts';

/** Long work beside the loop: each piece by name, one at a time, tried again with growing pauses. */
export interface Jobs {
  /** Starts it unless it runs, or failed a moment ago. */
  start(name: string, task: (signal: AbortSignal) => Promise<void>): void;
  /** Stops what is no longer wanted. */
  retain(names: ReadonlySet<string>): void;
  /** Stops all and waits for their ends. */
  stop(reason: Error): Promise<void>;
}

export interface JobsOptions {
  readonly outagesOf: (name: string) => Outages;
  /** Called after each end, good or bad, and again when a failed job may be tried again. */
  readonly wake: () => void;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Keeps the jobs of one round. */
export function createJobs({ outagesOf, wake }: JobsOptions): Jobs {
  let isStopped = false;
  const running = new Map<string, Running>();
  const outages = new Map<string, Outages>();
  const pauses = new Map<string, NodeJS.Timeout>();

  const run = async (
    name: string,
    task: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> => {
    const outage = outages.get(name) ?? outagesOf(name);
    outages.set(name, outage);
    try {
      await task(signal);
      outage.ended();
    } catch (error) {
      if (signal.aborted) return;
      const again = (): void => {
        pauses.delete(name);
        wake();
      };
      pauses.set(name, setTimeout(again, outage.failed(error)));
    } finally {
      running.delete(name);
      wake();
    }
  };
  return {
    start(name, task) {
      if (isStopped || running.has(name) || pauses.has(name)) return;
      const stop = new AbortController();
      running.set(name, { stop, ended: run(name, task, stop.signal) });
    },
    retain(names) {
      for (const [name, { stop }] of running) if (!names.has(name)) stop.abort(new Error('no longer wanted'));
    },
    async stop(reason) {
      isStopped = true;
      for (const timer of pauses.values()) clearTimeout(timer);
      const all = [...running.values()];
      for (const { stop } of all) stop.abort(reason);
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}
