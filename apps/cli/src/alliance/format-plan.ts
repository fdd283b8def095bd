import { describePlan, type Plan } from '@skein/alliance';
import { formatBytes } from '../format-bytes.ts';
import { formatDuration } from '../format-duration.ts';
import { formatTokens } from './format-tokens.ts';

/** A plan in plain words, as its members read it before they join. */
export function formatPlan(plan: Plan): string {
  const words = {
    amount: (baseUnits: bigint) => `${formatTokens(baseUnits)} tokens`,
    duration: formatDuration,
    bytes: formatBytes,
  };
  const sections = describePlan(plan, words).map(({ title, sentences }) =>
    [title, ...sentences.map((sentence) => `  ${sentence}`)].join('\n'),
  );
  return [`The plan "${plan.name}"`, ...sections].join('\n\n');
}
