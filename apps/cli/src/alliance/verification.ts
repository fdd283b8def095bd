import { connectNode } from './connect-node.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { readInvitationFile } from './invitation-file.ts';
import { type AllianceReport, openAggregate, type RoundReport, verifyAlliance } from '@skein/node';
import type { Terminal } from '../terminal.ts';

/** Where what is believed beforehand comes from. */
export const VERIFICATION_OPTIONS = {
  ...NODE_OPTIONS,
  invitation: {
    kind: 'text',
    value: 'FILE',
    help: 'Pin chain, contract and log of this file instead of those of the node',
  },
  rpc: { kind: 'text', value: 'URL', help: "A chain's address that you trust; by default the node's" },
} as const;

interface Request {
  readonly directory: string;
  readonly invitation: string | undefined;
  readonly rpc: string | undefined;
  readonly alliance: string;
}

/** Replays an alliance's closed rounds against the chain, telling each as it is done. */
export async function verifyHere(
  { directory, invitation, rpc, alliance }: Request,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<AllianceReport> {
  const { node, info, chain } = await connectNode(directory, signal);
  const pins = invitation === undefined ? null : (await readInvitationFile(invitation)).pins;
  const contract = pins?.alliance ?? chain.book.alliance;
  return verifyAlliance({
    hub: node.config.hub,
    rpc: rpc ?? chain.rpcUrl,
    alliance,
    pins: { chainId: pins?.chainId ?? chain.book.chainId, contract, logKey: pins?.logKey ?? info.logKey },
    aggregate: await openAggregate(directory, alliance, signal),
    allowPlainHttp: node.config.allowPlainHttp,
    signal,
    onRound: ({ round, ok }: RoundReport) => terminal.say(`round ${round}: ${ok ? 'verified' : 'NOT as it should be'}`),
  });
}
