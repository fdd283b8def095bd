import { cancelAlliance, setAlliancePaused } from '@skein/chain';
import { leaveAlliance } from '@skein/node';
import { ALLIANCE_ID, readAllianceId } from '../alliance/alliance-id.ts';
import { connectNode } from '../alliance/connect-node.ts';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { defineCommand } from '../command.ts';

export const alliancePause = defineCommand({
  name: 'alliance pause',
  summary: 'keep new rounds from opening, or let them again (creator)',
  description: ['A round that is open runs to its end. Money can be withdrawn and members may leave meanwhile.'],
  positionals: ALLIANCE_ID,
  options: { ...NODE_OPTIONS, resume: { kind: 'flag', help: 'Let rounds open again' } },
  examples: [
    { line: 'skein alliance pause 1', does: 'pauses alliance 1 after its current round' },
    { line: 'skein alliance pause 1 --resume', does: 'lets it go on' },
  ],
  async run({ directory, resume }, { signal, words }) {
    const id = readAllianceId(words);
    const { chain } = await connectNode(directory, signal);
    await setAlliancePaused(chain, { alliance: BigInt(id), paused: !resume, signal });
    return { json: { alliance: id, paused: !resume }, text: `Alliance ${id} ${resume ? 'goes on' : 'is paused'}.` };
  },
});

export const allianceCancel = defineCommand({
  name: 'alliance cancel',
  summary: 'end an alliance between two rounds; the rest of the pool is refunded (creator)',
  description: ['What rounds have paid stays paid. All bonds are freed. There is no way back.'],
  positionals: ALLIANCE_ID,
  options: NODE_OPTIONS,
  examples: [{ line: 'skein alliance cancel 1', does: 'ends alliance 1' }],
  async run({ directory }, { signal, words }) {
    const id = readAllianceId(words);
    const { chain } = await connectNode(directory, signal);
    await cancelAlliance(chain, { alliance: BigInt(id), signal });
    return { json: { alliance: id, status: 'cancelled' }, text: `Alliance ${id} is cancelled.` };
  },
});

export const allianceLeave = defineCommand({
  name: 'alliance leave',
  summary: 'leave an alliance between two rounds and free the bond',
  description: ['What you have earned stays yours ("skein stake withdraw").'],
  positionals: ALLIANCE_ID,
  options: NODE_OPTIONS,
  examples: [{ line: 'skein alliance leave 1', does: 'leaves alliance 1' }],
  async run({ directory }, { signal, words }) {
    const id = readAllianceId(words);
    await leaveAlliance(directory, id, signal);
    return { json: { alliance: id, left: true }, text: `Left alliance ${id}.` };
  },
});
