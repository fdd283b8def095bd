import type { Calculations } from './calculator-thread.ts';
import { createTaskThread, type TaskThread } from './task-thread.ts';

/** The long computations of a round, in a thread of their own. */
export type Calculator = TaskThread<Calculations>;

export function createCalculator(): Calculator {
  return createTaskThread({ file: new URL('./calculator-thread.ts', import.meta.url), leavesAborted: true });
}
