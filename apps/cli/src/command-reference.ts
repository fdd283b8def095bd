import type { Command } from './command.ts';
import { EXIT_CODES } from './exit-code.ts';
import { optionForm, optionMeaning, usageLine } from './help-text.ts';
import { GLOBAL_OPTIONS } from './parse-command-line.ts';

/** docs/cli.md: every command with its options, from the same tables as `--help`. */
export function commandReference(commands: readonly Command[]): string {
  const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), meaning] as const);
  return [
    '# The command `skein`',
    '<!-- Made from the tables of commands: `npm test -- apps/cli/src/command-reference.test.ts --update` -->',
    'Data goes to stdout, talk and progress to stderr. An error is one sentence with a stable code in brackets, and hints.',
    tableOf(
      ['command', 'does'],
      commands.map(({ name, summary }) => [`[\`${name}\`](#skein-${anchor(name)})`, summary]),
    ),
    'Every command takes:',
    optionTable(GLOBAL_OPTIONS),
    '## Exit codes',
    tableOf(['code', 'meaning'], codes),
    ...commands.flatMap(describe),
  ]
    .join('\n\n')
    .concat('\n');
}

function describe(command: Command): string[] {
  const { name, description, positionals, options, examples } = command;
  const shown = examples.map(({ line, does }) => `# ${does}\n${line}`).join('\n\n');
  return [
    `## skein ${name}`,
    `\`${usageLine(command)}\``,
    ...description.map(escaped),
    ...(positionals ? [`${positionals.name}: ${escaped(positionals.help)}`] : []),
    ...(Object.keys(options).length > 0 ? [optionTable(options)] : []),
    `\`\`\`sh\n${shown}\n\`\`\``,
  ];
}

function optionTable(options: Command['options']): string {
  const rows = Object.entries(options).map(([name, option]) => {
    return [`\`${optionForm(name, option)}\``.replaceAll('|', '\\|'), escaped(optionMeaning(option))] as const;
  });
  return tableOf(['option', 'meaning'], rows);
}

function tableOf(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Text in which nothing is Markdown's, apart from code. */
function escaped(text: string): string {
  return text.replace(/[|<>*_]/g, '\\$&');
}

/** The name that Markdown's readers give a heading. */
function anchor(name: string): string {
  return name.replaceAll(' ', '-');
}
