import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { addressSchema, type Chain, readAlliance, signInvitation } from '@skein/chain';
import { BaseError } from '@skein/core';
import { zeroAddress } from 'viem';
import { ALLIANCE_ID, readAllianceId } from '../alliance/alliance-id.ts';
import { connectNode } from '../alliance/connect-node.ts';
import { formatInvitationFile } from '../alliance/invitation-file.ts';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../usage-error.ts';

export const allianceInvite = defineCommand({
  name: 'alliance invite',
  summary: 'write an invitation file for somebody (creator)',
  description: [
    'The file names hub, chain and log, and holds your signature. Without --for whoever has the file can use it, once: ' +
      'send it like money. It serves alliances whose plan asks for invitations.',
  ],
  positionals: ALLIANCE_ID,
  options: {
    ...NODE_OPTIONS,
    for: { kind: 'text', value: 'ADDRESS', help: 'The only account that may use it' },
    hours: { kind: 'integer', value: 'N', min: 1, max: 8_760, default: 72, help: 'How long it is good' },
    out: { kind: 'text', value: 'FILE', required: true, help: 'Where to write it; an old file is not overwritten' },
  },
  examples: [
    { line: 'skein alliance invite 1 --for 0x… --out lake.json', does: 'writes an invitation for one account' },
  ],
  async run(values, { signal, words }) {
    const alliance = readAllianceId(words);
    const { chain, node, info } = await connectNode(values.directory, signal);
    const invitee = addressSchema.safeParse(values.for ?? zeroAddress);
    if (!invitee.success) throw new UsageError('cli/bad-value', `"${values.for}" is no account's address.`);
    await assertInvites(chain, BigInt(alliance));
    const { timestamp } = await chain.client.getBlock();
    const invitation = await signInvitation(await node.keys.account(node.keys.current), chain.book, {
      alliance: BigInt(alliance),
      invitee: invitee.data,
      nonce: `0x${randomBytes(32).toString('hex')}`,
      expiry: Number(timestamp) + values.hours * 3600,
    });
    const { chainId, alliance: contract } = chain.book;
    const pins = { chainId, alliance: contract, logKey: info.logKey };
    const file = formatInvitationFile({
      version: 'invitation-file/1',
      hub: node.config.hub,
      alliance,
      pins,
      invitation,
    });
    await writeFile(values.out, file, { flag: 'wx', mode: 0o600 });
    return { json: { file: values.out, alliance }, text: `The invitation is in ${values.out}.` };
  },
});

/** Whether an invitation of this account would let anybody in. */
async function assertInvites(chain: Chain, id: bigint): Promise<void> {
  const alliance = await readAlliance(chain, id);
  const self = chain.account?.address;
  const useless = (fault: string): BaseError =>
    new BaseError(
      'cli/useless-invitation',
      `An invitation of ${self} to alliance ${id} would let nobody in: ${fault}.`,
    );
  if (alliance === undefined) throw useless('there is no such alliance');
  const { creator, status, params } = alliance;
  if (creator !== self) throw useless(`its creator is ${creator}`);
  if (params.joinMode !== 'invitation') throw useless(`its plan says "${params.joinMode}" for joining`);
  if (status !== 'forming') throw useless(`it is ${status}`);
}
