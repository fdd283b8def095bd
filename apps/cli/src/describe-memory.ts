import type { MemoryChoice, TrainingEstimate } from '@skein/engine';
import { formatBytes } from './format-bytes.ts';

const EFFECTS: Record<MemoryChoice['memory'], string> = {
  fast: 'every activation is kept',
  low: 'layers are run again',
};

/** One line: what a run uses, what it needs, and why. */
export function describeMemory({ memory, reason, estimate, fast, availableBytes }: MemoryChoice): string {
  const more = memory === 'low' ? `, fast would need ${need(fast)}` : '';
  const left = `${formatBytes(availableBytes)} are left`;
  return `memory: ${memory}, ${EFFECTS[memory]} (${reason}: it needs ${need(estimate)}${more}, and ${left})`;
}

function need({ anonymousBytes, mappedBytes }: TrainingEstimate): string {
  return `${formatBytes(anonymousBytes)} and ${formatBytes(mappedBytes)} mapped`;
}
