import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandReference } from './command-reference.ts';
import { COMMANDS } from './commands.ts';

const file = join(import.meta.dirname, '../../../docs/cli.md');

test('docs/cli.md says what the tables say; after a change of one, run this test with --update', async () => {
  await expect(commandReference(COMMANDS)).toMatchFileSnapshot(file);
});

test('every command and option is in it', () => {
  const text = commandReference(COMMANDS);
  for (const { name, options, examples } of COMMANDS) {
    expect(text).toContain(`## skein ${name}\n`);
    for (const option of Object.keys(options)) expect(text).toContain(`| \`--${option}`);
    for (const { line } of examples) expect(text).toContain(line);
  }
});
