import { UsageError } from '../usage-error.ts';

/** Positional of commands about one alliance. */
export const ALLIANCE_ID = { name: 'ID', help: "The alliance's number on the chain", min: 1, max: 1 } as const;

/** @throws UsageError `cli/bad-value` */
export function readAllianceId(words: readonly string[]): string {
  const [word = ''] = words;
  if (/^[1-9][0-9]{0,17}$/.test(word)) return word;
  throw new UsageError('cli/bad-value', `"${word}" is no alliance's number.`, {
    hints: ['Alliances are numbered from 1; "skein alliance status" lists those of the hub.'],
  });
}
