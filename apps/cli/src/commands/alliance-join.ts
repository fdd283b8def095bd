import { createInterface } from 'node:readline/promises';
import { type Plan } from '@skein/alliance';
import { joinAlliance, openHub, openNode, readInfo } from '@skein/node';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { formatPlan } from '../alliance/format-plan.ts';
import { type InvitationFile, readInvitationFile } from '../alliance/invitation-file.ts';
import { readAllianceId } from '../alliance/alliance-id.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { UsageError } from '../usage-error.ts';

export const allianceJoin = defineCommand({
  name: 'alliance join',
  summary: 'read a plan in plain words, agree, and become a member',
  description: [
    'Holds the plan against the contract, your policy, the base model and your data before anything is sent. Where the ' +
      'policy leaves it to you, you are asked. The stake is brought up to what the plan needs.',
  ],
  positionals: { name: '[ID]', help: "The alliance's number; an invitation file names it itself", min: 0, max: 1 },
  options: {
    ...NODE_OPTIONS,
    invitation: { kind: 'text', value: 'FILE', help: 'What the creator sent you' },
    data: { kind: 'text', value: 'NAME', required: true, help: 'Which data of node.json to train on' },
    model: { kind: 'text', value: 'DIR', help: 'Folder of the base model; not for custom methods' },
    trainer: { kind: 'text', value: 'NAME', help: 'A trainer of node.json instead of the built-in one' },
    'no-stake': { kind: 'flag', help: 'Refuse where the stake is too small, instead of adding to it' },
    yes: { kind: 'flag', help: 'Agree without being asked; for scripts of the owner of the data' },
  },
  examples: [
    { line: 'skein alliance join 1 --data patients --model qwen', does: 'shows the plan and asks' },
    { line: 'skein alliance join --invitation lake.json --data patients --model qwen', does: 'joins by invitation' },
  ],
  async run(values, context) {
    const { signal, words } = context;
    const file = values.invitation === undefined ? undefined : await readInvitationFile(values.invitation);
    const alliance = file?.alliance ?? readAllianceId(words);
    if (file !== undefined) await assertSamePlace(values.directory, file, signal);
    const membership = await joinAlliance({
      directory: values.directory,
      alliance,
      data: values.data,
      model: values.model,
      trainer: values.trainer,
      invitation: file?.invitation,
      consent: (plan) => ask(plan, values.yes, context),
      stake: !values['no-stake'],
      signal,
    });
    const text = `${membership.address} is a member of alliance ${alliance}. Keep the node running: "skein node".`;
    return { json: { alliance, address: membership.address, planDigest: membership.planDigest }, text };
  },
});

/** An invitation is only worth something where it was written for. */
async function assertSamePlace(directory: string, { pins, hub }: InvitationFile, signal: AbortSignal): Promise<void> {
  const { config } = await openNode(directory);
  const { chain, logKey } = await readInfo(directory, openHub(config, signal));
  const isSame =
    chain.chainId === pins.chainId &&
    chain.alliance.toLowerCase() === pins.alliance.toLowerCase() &&
    logKey === pins.logKey;
  if (isSame) return;
  throw new UsageError('cli/other-hub', `The invitation is for the hub ${hub}, not for this node's ${config.hub}.`, {
    hints: ['Write the address of the invitation’s hub into node.json, or make a node for it with "skein init".'],
  });
}

async function ask(plan: Plan, agreed: boolean, { terminal, signal }: CommandContext): Promise<boolean> {
  terminal.say(formatPlan(plan));
  if (agreed) return true;
  if (!terminal.input.isTTY) {
    throw new UsageError('cli/no-terminal', 'Somebody has to agree to this plan, and nobody can be asked here.', {
      hints: ['Run it on a terminal, write a rule into policy.json, or give --yes.'],
    });
  }
  const lines = createInterface({ input: terminal.input, output: terminal.talk });
  try {
    const answer = await lines.question('\nTrain on your data under this plan? Type "yes" to agree: ', { signal });
    return answer.trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
}
