import type { Terminal } from './terminal.ts';

interface OptionBase {
  /** One sentence without a full stop; begins with a capital where it stands alone. */
  readonly help: string;
  readonly required?: boolean;
  /** May be given more than once, and takes several values in a row. */
  readonly many?: boolean;
}

/** One option of a command: parsing, help and docs/cli.md all come from it. */
export type Option =
  | (OptionBase & { readonly kind: 'flag' })
  | (OptionBase & { readonly kind: 'text'; readonly value: string; readonly default?: string })
  | (OptionBase & { readonly kind: 'choice'; readonly choices: readonly string[]; readonly default?: string })
  | (OptionBase & {
      readonly kind: 'integer' | 'number';
      readonly value: string;
      readonly min: number;
      readonly max?: number;
      /** The minimum itself is not allowed. */
      readonly above?: boolean;
      readonly default?: number;
    });

export type Options = Readonly<Record<string, Option>>;

type Single<O extends Option> = O extends { kind: 'flag' }
  ? boolean
  : O extends { kind: 'integer' | 'number' }
    ? number
    : O extends { choices: readonly (infer Choice)[] }
      ? Choice
      : string;

type ValueOf<O extends Option> = O extends { many: true }
  ? readonly Single<O>[]
  : O extends { kind: 'flag' } | { required: true } | { default: string | number }
    ? Single<O>
    : Single<O> | undefined;

/** Values by option; names as they are written on the command line. */
export type Values<O extends Options> = { readonly [Name in keyof O]: ValueOf<O[Name]> };

/** Words of the command line that belong to no option. */
export interface Positionals {
  readonly name: string;
  readonly help: string;
  readonly min: number;
  readonly max: number;
}

/** What a command found out, for people and for programs. */
export interface Outcome {
  /** The one object that `--json` prints. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What is printed on stdout otherwise; nothing where it was printed while the command ran. */
  readonly text?: string;
  readonly exitCode?: number;
}

export interface CommandContext {
  readonly terminal: Terminal;
  /** Whether stdout must stay free for the JSON object. */
  readonly json: boolean;
  /** Words besides options. */
  readonly words: readonly string[];
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Command {
  /** One or two words: `train`, `data preview`. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Paragraphs, for the command's own help. */
  readonly description: readonly string[];
  readonly positionals?: Positionals;
  readonly options: Options;
  /** Command lines that work, each with what it does. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  readonly run: (values: Record<string, unknown>, context: CommandContext) => Promise<Outcome>;
}

/** A command whose `run` sees its options typed. The parser gives it exactly the values that `options` describe. */
export function defineCommand<const O extends Options>(
  command: Omit<Command, 'run' | 'options'> & {
    readonly options: O;
    readonly run: (values: Values<O>, context: CommandContext) => Promise<Outcome>;
  },
): Command {
  return { ...command, run: (values, context) => command.run(values as Values<O>, context) };
}
