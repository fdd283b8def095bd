import { setImmediate } from 'node:timers/promises';

/** Lets signals, sockets and timers have their turn. */
export async function yieldToEventLoop(): Promise<void> {
  await setImmediate();
}
