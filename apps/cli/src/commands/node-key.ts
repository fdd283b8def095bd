import { readFile } from 'node:fs/promises';
import { type Address, addressSchema } from '@skein/alliance';
import { backUpKey, nodeStatus, restoreKey, rotateKey, useKey } from '@skein/node';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { defineCommand } from '../command.ts';
import { formatFields } from '../format-table.ts';
import { UsageError } from '../usage-error.ts';

const FILE = { name: 'FILE', help: 'A key file (Web3 Secret Storage, version 3)', min: 1, max: 1 } as const;

export const nodeStatusCommand = defineCommand({
  name: 'node status',
  summary: "what a node's directory tells: accounts, alliances, evidence",
  description: ['Asks nobody; works whether the node runs or not.'],
  options: NODE_OPTIONS,
  examples: [{ line: 'skein node status', does: 'shows the node' }],
  async run({ directory }) {
    const status = await nodeStatus(directory);
    const { address, olderAddresses, config, alliances, evidence } = status;
    const text = formatFields([
      ['account', address],
      ...(olderAddresses.length > 0 ? [['older accounts', olderAddresses.join(', ')] as const] : []),
      ['hub', config.hub],
      ['roles', config.roles.join(', ')],
      [
        'data',
        Object.entries(config.data)
          .map(([name, path]) => `${name}: ${path}`)
          .join(', ') || 'none',
      ],
      ...alliances.map(
        ({ alliance, name, left, round, done }) =>
          [
            `alliance ${alliance}`,
            left
              ? `${name}, left`
              : `${name}, round ${round ?? 'none yet'}${done.length > 0 ? ` (done: ${done.join(', ')})` : ''}`,
          ] as const,
      ),
      ['evidence', evidence.length === 0 ? 'none' : `${evidence.length} files in ${directory}/evidence`],
    ]);
    return { json: { ...status }, text };
  },
});

export const keyBackup = defineCommand({
  name: 'key backup',
  summary: "copy an account's encrypted key file and open the copy to be sure",
  description: ["The copy is as safe as the node's password: keep both, and apart."],
  positionals: FILE,
  options: {
    ...NODE_OPTIONS,
    account: { kind: 'text', value: 'ADDRESS', help: 'An older account; by default the current one' },
  },
  examples: [{ line: 'skein key backup /mnt/safe/key.json', does: "writes the node's key file there" }],
  async run({ directory, account }, { words: [file = ''] }) {
    const address = await backUpKey(directory, file, account === undefined ? undefined : readAddress(account));
    return {
      json: { address, file },
      text: `${file} holds the key of ${address}, and opens with the node's password.`,
    };
  },
});

export const keyRestore = defineCommand({
  name: 'key restore',
  summary: 'take an account back in from a key file',
  description: [
    "The file's password is read from --password-file, or is the node's own. Afterwards the node's password is what opens it.",
  ],
  positionals: FILE,
  options: {
    ...NODE_OPTIONS,
    'password-file': { kind: 'text', value: 'FILE', help: "Where the file's password stands" },
  },
  examples: [
    { line: 'skein key restore /mnt/safe/key.json --password-file old-password', does: 'brings the account back' },
  ],
  async run({ directory, 'password-file': passwordFile }, { words: [file = ''] }) {
    const from = passwordFile ?? `${directory}/password`;
    const password = await readFile(from, 'utf8').catch((cause: unknown) => {
      throw new UsageError('cli/no-file', `The password file ${from} can’t be read.`, { cause });
    });
    const address = await restoreKey(directory, file, password.replace(/\r?\n$/, ''));
    return { json: { address }, text: `${address} is back; "skein key use ${address}" makes it the current account.` };
  },
});

export const keyRotate = defineCommand({
  name: 'key rotate',
  summary: 'make a new account for alliances joined from now on',
  description: [
    'Older accounts stay in the key store: they may hold bonds and earnings, and alliances joined with them go on.',
  ],
  options: NODE_OPTIONS,
  examples: [{ line: 'skein key rotate', does: 'makes a new account' }],
  async run({ directory }) {
    const { address } = await rotateKey(directory);
    return { json: { address }, text: `The account for new alliances is ${address}.` };
  },
});

export const keyUse = defineCommand({
  name: 'key use',
  summary: 'make an older account the one for alliances joined from now on',
  description: [
    'For an account that "skein key restore" has brought back. Alliances that were joined go on with their own account.',
  ],
  positionals: { name: 'ADDRESS', help: 'An account of "skein node status"', min: 1, max: 1 },
  options: NODE_OPTIONS,
  examples: [{ line: 'skein key use 0x…', does: 'makes that account the current one' }],
  async run({ directory }, { words: [account = ''] }) {
    const address = readAddress(account);
    await useKey(directory, address);
    return { json: { address }, text: `The account for new alliances is ${address}.` };
  },
});

function readAddress(text: string): Address {
  const parsed = addressSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError('cli/bad-value', `"${text}" is no account's address.`);
}
