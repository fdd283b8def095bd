import type { Option, Options } from './command.ts';
import { nearestName } from './nearest-name.ts';
import { UsageError } from './usage-error.ts';

/** What stands on a command line, not yet understood: an option's texts in their order, and the other words. */
export interface RawLine {
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
}

/**
 * Sorts the words of a command line: `--name value`, `--name=value`, flags, and several values in a row behind an
 * option that takes them. After `--` nothing is an option. Node's own parseArgs knows no such rows, and says less.
 * @throws UsageError `cli/unknown-option` with the nearest known name, `cli/missing-value`, `cli/repeated-option`,
 *   `cli/bad-value` for a flag with a value.
 */
export function readOptions(args: readonly string[], known: Options): RawLine {
  const texts = new Map<string, string[]>();
  const words: string[] = [];
  let open: { readonly name: string; readonly many: boolean } | null = null;
  for (const [index, arg] of args.entries()) {
    if (arg === '--') {
      assertFilled(open, texts);
      return { texts, words: [...words, ...args.slice(index + 1)] };
    }
    if (!isOption(arg)) {
      (open === null ? words : valuesOf(texts, open.name)).push(arg);
      if (!open?.many) open = null;
      continue;
    }
    assertFilled(open, texts);
    const { name, option, inline } = readOption(arg, known);
    if (texts.has(name) && !option.many) {
      throw new UsageError('cli/repeated-option', `--${name} was given twice.`, { info: { option: name } });
    }
    const values = valuesOf(texts, name);
    if (inline !== undefined) values.push(inline);
    open = option.kind === 'flag' || inline !== undefined ? null : { name, many: option.many ?? false };
  }
  assertFilled(open, texts);
  return { texts, words };
}

/** "-1" is a number, "-" a file name; everything else with a dash in front is an option. */
function isOption(arg: string): boolean {
  return arg.startsWith('-') && arg !== '-' && !/^-[\d.]/.test(arg);
}

function readOption(arg: string, known: Options): { name: string; option: Option; inline: string | undefined } {
  const [, name = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(arg === '-h' ? '--help' : arg) ?? [];
  const option = Object.hasOwn(known, name) ? known[name] : undefined;
  if (option === undefined) {
    const nearest = nearestName(name || arg.replace(/^-+/, ''), Object.keys(known));
    throw new UsageError('cli/unknown-option', `There is no option ${arg.replace(/=.*/s, '')}.`, {
      hints: [nearest ? `Did you mean --${nearest}?` : 'See --help for the options.'],
    });
  }
  if (option.kind === 'flag' && inline !== undefined) {
    throw new UsageError('cli/bad-value', `--${name} takes no value.`, { info: { option: name } });
  }
  return { name, option, inline };
}

function valuesOf(texts: Map<string, string[]>, name: string): string[] {
  const values = texts.get(name) ?? [];
  texts.set(name, values);
  return values;
}

function assertFilled(open: { readonly name: string } | null, texts: ReadonlyMap<string, readonly string[]>): void {
  if (open === null || (texts.get(open.name)?.length ?? 0) > 0) return;
  throw new UsageError('cli/missing-value', `--${open.name} needs a value.`, { info: { option: open.name } });
}
