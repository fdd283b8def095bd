import { resolve } from 'node:path';
import { startAlliance } from '@skein/chain';
import { createLocalTrainer, createWorkerRuntime } from '@skein/engine/node';
import { localMethod } from '@skein/node';
import { ALLIANCE_ID, readAllianceId } from '../alliance/alliance-id.ts';
import { connectNode } from '../alliance/connect-node.ts';
import { createOnChain } from '../alliance/create-on-chain.ts';
import { customPlan } from '../alliance/custom-plan.ts';
import { makePlan } from '../alliance/make-plan.ts';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { readSettings } from '../alliance/read-settings.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../usage-error.ts';

export const allianceCreate = defineCommand({
  name: 'alliance create',
  summary: 'register a plan and pay its pool into escrow',
  description: [
    'A plan fixes model, method, rounds, privacy, money and times for all. Its digest stands on the chain; nobody can ' +
      'change it afterwards. Members read it before they join.',
    'Settings that differ from the defaults come from a JSON file; --rounds and --members are short for the usual ones.',
  ],
  options: {
    ...NODE_OPTIONS,
    name: { kind: 'text', value: 'NAME', required: true, help: 'What people call it' },
    model: { kind: 'text', value: 'DIR', help: 'Folder of the base model; not for custom methods' },
    initial: {
      kind: 'text',
      value: 'FILE',
      help: 'For custom methods: the first parameters; float32, little-endian, or what the trainer reads',
    },
    settings: { kind: 'text', value: 'FILE', help: 'JSON with settings of the plan (docs/alliance.md)' },
    rounds: { kind: 'integer', value: 'N', min: 1, help: 'Rounds' },
    members: { kind: 'integer', value: 'N', min: 1, max: 64, help: 'Members: exactly that many' },
    allow: {
      kind: 'text',
      value: 'ADDRESS',
      many: true,
      help: 'Accounts that may join, where the plan has an allow-list',
    },
  },
  examples: [
    {
      line: 'skein alliance create --name "Northern clinics" --model qwen --members 3 --allow 0x… 0x… 0x…',
      does: 'registers it and prints its number',
    },
  ],
  async run(values, { signal }) {
    const given = await readSettings(values.settings);
    const members = values.members === undefined ? {} : { minMembers: values.members, maxMembers: values.members };
    const settings = { ...given, ...members, ...(values.rounds !== undefined && { rounds: values.rounds }) };
    const { chain, hub } = await connectNode(values.directory, signal);
    const made = await make(values, settings);
    const id = await createOnChain(chain, hub, { ...made, allowList: values.allow.map(readAddress), signal });
    const text = `Alliance ${id} is registered. Members join with "skein alliance join ${id}"; begin with "skein alliance start ${id}".`;
    return { json: { alliance: id, plan: made.plan }, text };
  },
});

type Values = { readonly name: string; readonly model: string | undefined; readonly initial: string | undefined };

async function make({ name, model, initial }: Values, settings: Awaited<ReturnType<typeof readSettings>>) {
  const method = localMethod(settings);
  if (method === null) return customPlan(name, initial && resolve(initial), settings);
  if (model === undefined) throw new UsageError('cli/missing-option', '"skein alliance create" needs --model DIR.');
  const runtime = createWorkerRuntime('cpu');
  try {
    return makePlan(name, await createLocalTrainer(runtime, { model: resolve(model), method, threads: 1 }), settings);
  } finally {
    await runtime.close();
  }
}

function readAddress(text: string): `0x${string}` {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text as `0x${string}`;
  throw new UsageError('cli/bad-value', `"${text}" is no account's address.`, {
    hints: ['An address is 0x and 40 hexadecimal digits; "skein init" prints that of a node.'],
  });
}

export const allianceStart = defineCommand({
  name: 'alliance start',
  summary: 'close the forming of an alliance and begin its rounds (creator)',
  description: ['Needs the plan’s fewest members. The hub opens the first round at once.'],
  positionals: ALLIANCE_ID,
  options: NODE_OPTIONS,
  examples: [{ line: 'skein alliance start 1', does: 'begins alliance 1' }],
  async run({ directory }, { signal, words }) {
    const id = readAllianceId(words);
    const { chain } = await connectNode(directory, signal);
    await startAlliance(chain, { alliance: BigInt(id), signal });
    return { json: { alliance: id, status: 'active' }, text: `Alliance ${id} has begun.` };
  },
});
