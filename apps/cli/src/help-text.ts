import type { Command, Option, Options } from './command.ts';
import { EXIT_CODES } from './exit-code.ts';
import { formatTable } from './format-table.ts';
import { GLOBAL_OPTIONS } from './parse-command-line.ts';
import { rangeOf, valueName } from './parse-option-value.ts';

/** What `--help` prints: of one command, or the list of all. Ends with a line feed. */
export function helpText(command: Command | null, commands: readonly Command[]): string {
  return command === null ? overview(commands) : commandHelp(command);
}

/** How an option is written: `--data FILE…`. */
export function optionForm(name: string, option: Option): string {
  const value = valueName(option);
  return `--${name}${value && ` ${value}`}${option.many ? '…' : ''}`;
}

/** What an option does, with its range and default. */
export function optionMeaning(option: Option): string {
  const range = option.kind === 'integer' || option.kind === 'number' ? rangeOf(option) : '';
  const standard = 'default' in option && option.default !== undefined ? `default ${option.default}` : '';
  const notes = [option.required ? 'required' : '', range, standard].filter(Boolean).join('; ');
  return notes === '' ? option.help : `${option.help} (${notes})`;
}

/** The first line of a command's help: `skein train --model DIR --data FILE… [options]`. */
export function usageLine({ name, positionals, options }: Command): string {
  const required = Object.entries(options).filter(([, option]) => option.required);
  const forms = required.map(([key, option]) => optionForm(key, option));
  return ['skein', name, ...(positionals ? [positionals.name] : []), ...forms, '[options]'].join(' ');
}

function overview(commands: readonly Command[]): string {
  return [
    'skein fine-tunes and runs open language models of the Llama and Qwen families.',
    '',
    'Usage: skein <command> [options]',
    '',
    indented(formatTable(commands.map(({ name, summary }) => [name, summary]))),
    '',
    'skein <command> --help tells more. Every command takes --json. --version prints the version.',
    '',
    'Exit codes:',
    indented(formatTable(Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), meaning]))),
    '',
  ].join('\n');
}

function commandHelp(command: Command): string {
  const { description, positionals, options, examples } = command;
  const all: Options = { ...options, ...GLOBAL_OPTIONS };
  return [
    `Usage: ${usageLine(command)}`,
    '',
    ...description.flatMap((paragraph) => [paragraph, '']),
    ...(positionals ? [indented(formatTable([[positionals.name, positionals.help]])), ''] : []),
    'Options:',
    indented(formatTable(Object.entries(all).map(([key, option]) => [optionForm(key, option), optionMeaning(option)]))),
    '',
    'Examples:',
    ...examples.flatMap(({ line, does }) => [`  ${line}`, `      ${does}`]),
    '',
  ].join('\n');
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
