import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invariant } from '@skein/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from './commands.ts';
import { EXIT_CODES } from './exit-code.ts';
import { jsonOf, runLine } from './testing/run-line.ts';

let folder = '';
/** Answers where a hub should, and is none. */
let stranger: Server;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skein-smoke-'));
  mkdirSync(at('empty'));
  writeFileSync(at('no.json'), '{');
  writeFileSync(at('data.jsonl'), '{"prompt":"a","completion":"b"}\n');
  stranger = createServer((_, response) => response.writeHead(404).end());
  await once(stranger.listen(0, '127.0.0.1'), 'listening');
  const { port } = stranger.address() as AddressInfo;
  const line = ['init', '--directory', at('node'), '--hub', `http://127.0.0.1:${port}`, '--development'];
  const { exitCode, stderr } = await runLine(line);
  invariant(exitCode === 0, stderr);
});
afterAll(() => {
  stranger.close().closeAllConnections();
  rmSync(folder, { recursive: true });
});

const NODE = ['--directory', '@node'];
const NOWHERE = ['--directory', '@nowhere'];

/** Something that people get wrong with each command, and the code that they are told. `@` stands for the test's folder. */
const MISTAKES: Readonly<Record<string, readonly [words: readonly string[], code: string]>> = {
  start: [['--model', '@nowhere', '--data', '@data.jsonl'], 'cli/too-few-members'],
  init: [['--directory', '@new', '--hub', 'http://127.0.0.1:1', '--data', 'A b=x', '--development'], 'node/bad-config'],
  up: [['--port', '70000'], 'cli/bad-value'],
  hub: [['--rpc', 'http://127.0.0.1:1'], 'cli/missing-option'],
  node: [['--role', 'train'], 'cli/unknown-option'],
  'node status': [NOWHERE, 'node/no-directory'],
  'key backup': [[...NODE, '@backup.json', '--account', '0x12'], 'cli/bad-value'],
  'key restore': [[...NODE, '@no.json'], 'node/bad-file'],
  'key rotate': [NOWHERE, 'node/no-directory'],
  'key use': [[...NODE, `0x${'ab'.repeat(20)}`], 'node/no-key'],
  'alliance create': [[...NODE, '--name', 'x', '--settings', '@no.json'], 'cli/bad-settings'],
  'alliance invite': [[...NODE, '1', '--out', '@invitation'], 'client/bad-reply'],
  'alliance dry-run': [[...NODE, '1', '--data', 'own'], 'cli/missing-option'],
  'alliance join': [[...NODE, '--invitation', '@no.json', '--data', 'own'], 'cli/bad-invitation-file'],
  'alliance start': [[...NODE, 'first'], 'cli/bad-value'],
  'alliance status': [['--hub', 'http://127.0.0.1:1'], 'client/unreachable'],
  'alliance watch': [['1', '--hub', 'nowhere'], 'client/bad-url'],
  'alliance verify': [NODE, 'cli/words'],
  'alliance pause': [[...NODE, '1'], 'client/bad-reply'],
  'alliance cancel': [[...NODE, '1'], 'client/bad-reply'],
  'alliance leave': [[...NODE, '1'], 'node/not-joined'],
  'stake status': [[...NODE, '--account', 'mine'], 'cli/bad-value'],
  'stake fund': [NOWHERE, 'node/no-directory'],
  'stake add': [NODE, 'cli/missing-option'],
  'stake withdraw': [[...NODE, '--role', 'hub'], 'cli/bad-value'],
  'log verify': [[...NODE, '1'], 'cli/words'],
  'model lineage': [[...NOWHERE, '1'], 'node/no-directory'],
  'chain deploy': [[...NODE, '--rpc', 'http://127.0.0.1:1', '--book', '@book.json'], 'chain/unreachable'],
  train: [['--model', '@nowhere', '--data', '@data.jsonl', '--out', '@run'], 'engine/file-missing'],
  eval: [['--model', '@empty', '--data', '@data.jsonl'], 'engine/file-missing'],
  generate: [['--model', '@nowhere', '--prompt', 'x'], 'engine/file-missing'],
  chat: [['--model', '@nowhere'], 'engine/file-missing'],
  'data preview': [['--model', '@empty', '--data', '@nowhere.jsonl'], 'engine/tokenizer-missing'],
  'adapter inspect': [['@nowhere'], 'engine/file-missing'],
  'adapter merge': [['--model', '@nowhere', '--adapter', '@nowhere', '--out', '@merged'], 'engine/file-missing'],
  'model inspect': [['@empty'], 'engine/file-missing'],
  conformance: [['--device', 'tpu'], 'cli/bad-value'],
  'bench train': [['--steps', 'many'], 'cli/bad-value'],
  'bench generate': [['--tokens', '0'], 'cli/bad-value'],
};

describe('every command', () => {
  it.each(COMMANDS)('$name explains itself with --help', async ({ name, description, options }) => {
    const { exitCode, stdout, stderr } = await runLine([...name.split(' '), '--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`skein ${name}`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(description.join(' ').replaceAll(/\s+/g, ' '));
    for (const option of Object.keys(options)) expect(stdout).toContain(`--${option}`);
  });

  it.each(COMMANDS)('$name answers a mistake with one sentence and a code', async ({ name }) => {
    const [words, code] = MISTAKES[name] ?? [['--help-me'], 'a mistake is missing in this table'];
    const line = [...name.split(' '), ...words.map((word) => (word.startsWith('@') ? at(word.slice(1)) : word))];
    const told = await runLine(line);
    expect(told.stderr).toContain(`[${code}]`);
    expect([EXIT_CODES.error.code, EXIT_CODES.usage.code]).toContain(told.exitCode);
    expect(told.stdout).toBe('');
    const errors = told.stderr.split('\n').filter((text) => text.startsWith('error: '));
    expect(errors).toEqual([expect.stringMatching(/^error: \S[^\n]*[.?!] \[[a-z]+\/[a-z0-9-]+\]$/)]);
    expect(told.stderr).not.toMatch(/\n\s+at |cli\/fault|undefined|\[object/);
    const asJson = await runLine([...line, '--json']);
    expect(asJson.exitCode).toBe(told.exitCode);
    expect(jsonOf(asJson)).toMatchObject({ error: { code } });
  });
});
