import { UsageError } from './usage-error.ts';

/**
 * Values by linear, written `NAME=N`: PEFT's rank_pattern and alpha_pattern.
 * @param option as the user wrote it, for messages.
 * @throws UsageError `cli/bad-value` for another form, a name given twice, or a number that is not positive.
 */
export function parsePattern(
  option: string,
  texts: readonly string[],
  kind: 'integer' | 'number',
): Readonly<Record<string, number>> {
  const pattern = new Map<string, number>();
  for (const text of texts) {
    const [, name = '', number = ''] = /^(.+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
    const value = Number(number);
    const fits = value > 0 && (kind === 'number' || Number.isSafeInteger(value));
    if (!fits || pattern.has(name)) {
      const what = kind === 'integer' ? 'a whole number from 1' : 'a number above 0';
      const problem = pattern.has(name) ? `names ${name} twice` : `takes NAME=N with ${what}, not "${text}"`;
      throw new UsageError('cli/bad-value', `--${option} ${problem}.`, {
        info: { option },
        hints: ['Write for example q_proj=8, or the ending of a path such as layers.0.self_attn.q_proj=8.'],
      });
    }
    pattern.set(name, value);
  }
  return Object.fromEntries(pattern);
}
