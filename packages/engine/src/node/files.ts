/** Files that survive a crash, for rooms that keep a state of their own beside the engine's. */
export { partialSuffix, syncDirectory, writeDurably } from './durable-file.ts';
export { acquireRunLock, type RunLock } from './run-lock.ts';
