import type { Option } from './command.ts';
import { UsageError } from './usage-error.ts';

/** How an option's value is named in help: `DIR`, `cpu|webgpu`; empty for a flag. */
export function valueName(option: Option): string {
  if (option.kind === 'flag') return '';
  return option.kind === 'choice' ? option.choices.join('|') : option.value;
}

/** A number's range in words: "from 0 to 1", "above 0". */
export function rangeOf(option: Extract<Option, { min: number }>): string {
  const low = option.above ? `above ${option.min}` : `from ${option.min}`;
  return option.max === undefined ? low : `${low} to ${option.max}`;
}

/**
 * The value of one option from its text.
 * @param name as the user wrote it, for messages.
 * @throws UsageError `cli/bad-value`.
 */
export function parseOptionValue(name: string, option: Exclude<Option, { kind: 'flag' }>, text: string) {
  switch (option.kind) {
    case 'text':
      if (text !== '') return text;
      throw new UsageError('cli/bad-value', `--${name} needs a value that is not empty.`, { info: { option: name } });
    case 'choice':
      if (option.choices.includes(text)) return text;
      throw new UsageError('cli/bad-value', `--${name} must be one of ${option.choices.join(', ')}, not "${text}".`, {
        info: { option: name },
      });
    case 'integer':
    case 'number':
      return parseNumber(name, option, text);
  }
}

function parseNumber(name: string, option: Extract<Option, { min: number }>, text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  const { kind, min, max = Number.POSITIVE_INFINITY, above } = option;
  const whole = kind === 'number' ? Number.isFinite(value) : Number.isSafeInteger(value);
  if (whole && value <= max && (above ? value > min : value >= min)) return value;
  const what = kind === 'integer' ? 'a whole number' : 'a number';
  throw new UsageError('cli/bad-value', `--${name} must be ${what} ${rangeOf(option)}, not "${text}".`, {
    info: { option: name },
  });
}
