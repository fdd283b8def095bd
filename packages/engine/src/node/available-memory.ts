import { freemem } from 'node:os';
import process from 'node:process';

/**
 * What this process may still take: the machine's free and reclaimable memory, or what a limit on its control group
 * leaves, where files that the group has read count as taken.
 */
export function availableMemoryBytes(): number {
  return Math.min(process.availableMemory(), freemem());
}
