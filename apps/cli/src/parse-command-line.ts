import type { Command, Option } from './command.ts';
import { nearestName } from './nearest-name.ts';
import { parseOptionValue, valueName } from './parse-option-value.ts';
import { type RawLine, readOptions } from './read-options.ts';
import { UsageError } from './usage-error.ts';

/** Options of every command. */
export const GLOBAL_OPTIONS = {
  json: { kind: 'flag', help: 'Print one JSON object on the last line of stdout' },
  help: { kind: 'flag', help: 'Show this help' },
} as const satisfies Record<string, Option>;

export type ParsedLine =
  | { readonly kind: 'help'; readonly command: Command | null }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly values: Readonly<Record<string, unknown>>;
      readonly words: readonly string[];
    };

/**
 * Understands a command line after the table of commands.
 * @param line the words after the program's name.
 * @throws UsageError `cli/unknown-command`, `cli/missing-option`, `cli/bad-value`, `cli/words`, and those of
 *   `readOptions`: one sentence, where a name was mistyped with the nearest one as a hint.
 */
export function parseCommandLine(line: readonly string[], commands: readonly Command[]): ParsedLine {
  const [first] = line;
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help', command: null };
  if (first === '--version') return { kind: 'version' };
  const command = findCommand(line, commands);
  const raw = readOptions(line.slice(command.name.split(' ').length), { ...command.options, ...GLOBAL_OPTIONS });
  if (raw.texts.has('help')) return { kind: 'help', command };
  const values = { json: raw.texts.has('json'), ...readValues(command, raw) };
  assertWords(command, raw.words);
  return { kind: 'run', command, values, words: raw.words };
}

function findCommand([first = '', second = '']: readonly string[], commands: readonly Command[]): Command {
  const named = (wanted: string) => commands.find(({ name }) => name === wanted);
  const found = named(`${first} ${second}`) ?? named(first);
  if (found) return found;
  const group = commands.map(({ name }) => name).filter((name) => name.startsWith(`${first} `));
  if (group.length > 0) {
    const message = `"skein ${first}" needs to be told what: ${group.map((name) => `"skein ${name}"`).join(' or ')}.`;
    throw new UsageError('cli/unknown-command', message);
  }
  const names = commands.map(({ name }) => name);
  const nearest = nearestName(`${first} ${second}`, names) ?? nearestName(first, names);
  throw new UsageError('cli/unknown-command', `There is no command "${first}".`, {
    hints: [nearest ? `Did you mean "skein ${nearest}"?` : 'See "skein --help" for the commands.'],
  });
}

function readValues({ name: command, options }: Command, { texts }: RawLine): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const given = texts.get(name);
      if (option.kind === 'flag') return [name, given !== undefined];
      if (given !== undefined) {
        const values = given.map((text) => parseOptionValue(name, option, text));
        return [name, option.many ? values : values[0]];
      }
      if (!option.required) return [name, option.many ? [] : option.default];
      throw new UsageError('cli/missing-option', `"skein ${command}" needs --${name} ${valueName(option)}.`, {
        info: { option: name },
        hints: [`See "skein ${command} --help".`],
      });
    }),
  );
}

function assertWords({ name, positionals }: Command, words: readonly string[]): void {
  const { min = 0, max = 0, name: what = '' } = positionals ?? {};
  const hints = [`See "skein ${name} --help".`];
  if (words.length < min) throw new UsageError('cli/words', `"skein ${name}" needs ${what}.`, { hints });
  if (words.length > max) {
    throw new UsageError('cli/words', `"skein ${name}" does not know what to do with "${words[max]}".`, { hints });
  }
}
