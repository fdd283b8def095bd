import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createJobs } from './jobs.ts';

const setUp = (pauseMs = 0) => {
  let wakes = 0;
  const failures: unknown[] = [];
  const jobs = createJobs({
    outagesOf: () => ({
      failed(error) {
        failures.push(error);
        return pauseMs;
      },
      ended: () => undefined,
    }),
    wake: () => {
      wakes++;
    },
  });
  return { jobs, failures, wakes: () => wakes };
};
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('jobs', () => {
  it('run once at a time by name, and wake the loop at their end', async () => {
    const { jobs, wakes } = setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    let starts = 0;
    const task = async (): Promise<void> => {
      starts++;
      await promise;
    };
    jobs.start('a', task);
    jobs.start('a', task);
    jobs.start('b', task);
    expect(starts).toBe(2);
    resolve();
    await turn();
    expect(wakes()).toBe(2);
    jobs.start('a', task);
    expect(starts).toBe(3);
  });

  it('pause after a failure', async () => {
    const { jobs, failures } = setUp(60_000);
    let starts = 0;
    const task = (): Promise<void> => {
      starts++;
      return Promise.reject(new Error('no'));
    };
    jobs.start('a', task);
    await turn();
    jobs.start('a', task);
    expect([starts, failures.length]).toEqual([1, 1]);
    await jobs.stop(new Error('over'));
  });

  it('stop when nobody wants them, or all together, without a word', async () => {
    const { jobs, failures } = setUp();
    jobs.start('wanted', untilAborted);
    jobs.start('unwanted', untilAborted);
    jobs.retain(new Set(['wanted']));
    await turn();
    const { promise, resolve } = Promise.withResolvers<void>();
    jobs.start('unwanted', async () => resolve());
    await promise;
    await jobs.stop(new Error('over'));
    expect(failures).toEqual([]);
    jobs.start('late', () => Promise.reject(new Error('never')));
    expect(failures).toEqual([]);
  });
});
