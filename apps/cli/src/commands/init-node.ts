import { resolve } from 'node:path';
import { initNode, type InitNodeOptions, ROLES } from '@skein/node';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../usage-error.ts';

type TrainerEntry = NonNullable<InitNodeOptions['config']['trainers']>[string];

export const init = defineCommand({
  name: 'init',
  summary: "make a node's directory: key, configuration, policy",
  description: [
    "A node is one organisation's part: its key, its settings, and where its data are. The key rests encrypted under the " +
      'password of the environment variable SKEIN_PASSWORD or of a password file, which --development makes.',
    'node.json and policy.json are yours to edit. The policy has the last word on what may be trained on what.',
  ],
  options: {
    ...NODE_OPTIONS,
    hub: { kind: 'text', value: 'URL', required: true, help: "The hub's address" },
    rpc: { kind: 'text', value: 'URL', help: "The chain's address; by default through the hub" },
    data: {
      kind: 'text',
      value: 'NAME=PATH',
      many: true,
      help: 'Folders or files of data, by the names that plans and policy use',
    },
    roles: {
      kind: 'text',
      value: 'ROLE',
      many: true,
      help: `What the node does: ${ROLES.join(', ')} (default: all of them)`,
    },
    trainer: {
      kind: 'text',
      value: 'NAME=URL|COMMAND',
      many: true,
      help: 'Trainers of your own (docs/custom-trainers.md): an address, or a command that starts in this folder',
    },
    development: { kind: 'flag', help: 'Make a password file where none is given' },
    'allow-plain-http': { kind: 'flag', help: 'Talk to other machines without TLS' },
  },
  examples: [
    { line: 'skein init --hub https://hub.example --data patients=/srv/patients', does: 'makes .skein/nodes/me' },
    {
      line: 'skein init --directory .skein/nodes/lake --hub http://127.0.0.1:4300 --data own=samples/clinics/lake --development',
      does: 'makes a node for a try on this machine',
    },
  ],
  async run(values, { terminal }) {
    const roles = values.roles.map((role) => {
      const known = ROLES.find((each) => each === role);
      if (known === undefined) {
        throw new UsageError('cli/bad-value', `"${role}" is no role.`, { hints: [`Roles are ${ROLES.join(', ')}.`] });
      }
      return known;
    });
    const { address } = await initNode({
      directory: values.directory,
      config: {
        hub: values.hub,
        rpc: values.rpc ?? null,
        data: Object.fromEntries(values.data.map(readData)),
        trainers: Object.fromEntries(values.trainer.map(readTrainer)),
        ...(roles.length > 0 && { roles }),
        allowPlainHttp: values['allow-plain-http'],
      },
      makePassword: values.development,
      warn: (sentence) => terminal.say(`warning: ${sentence}`),
    });
    const text = `The node's account is ${address}. Its directory is ${values.directory}: edit policy.json, then join an alliance.`;
    return { json: { address, directory: values.directory }, text };
  },
});

function readData(text: string): [string, string] {
  const named = readNamed(text);
  if (named !== null) return [named[0], resolve(named[1])];
  throw new UsageError('cli/bad-value', `--data expects NAME=PATH, got "${text}".`, {
    hints: ['Such as --data patients=/srv/patients.'],
  });
}

/** Words of a command are parted at spaces; node.json takes any. */
function readTrainer(text: string): [string, TrainerEntry] {
  const [name, trainer] = readNamed(text.trim()) ?? [];
  if (name !== undefined && trainer !== undefined) {
    const isUrl = /^https?:\/\//.test(trainer);
    const command = trainer.trim().split(/ +/);
    return [name, isUrl ? { kind: 'http', url: trainer } : { kind: 'command', command, folder: resolve('.') }];
  }
  throw new UsageError('cli/bad-value', `--trainer expects NAME=URL or NAME=COMMAND, got "${text}".`, {
    hints: ['Such as --trainer logistic=http://127.0.0.1:7700/call, or --trainer "logistic=python train.py".'],
  });
}

function readNamed(text: string): [name: string, value: string] | null {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  return name === undefined || value === undefined ? null : [name, value];
}
