import type { Chain } from '@skein/chain';
import type { HubClient, Info } from '@skein/client';
import { addressSchema } from '@skein/alliance';
import { openChain, openHub, type OpenedNode, openNode, readInfo } from '@skein/node';
import { UsageError } from '../usage-error.ts';

/** A node's account, ready to read and write on hub and chain. */
export interface ConnectedNode {
  readonly node: OpenedNode;
  readonly hub: HubClient;
  readonly info: Info;
  /** Signs with the account. */
  readonly chain: Chain;
  readonly address: `0x${string}`;
}

/**
 * Opens a node's directory and reaches its hub and chain.
 * @param of an older account of the node instead of its current one
 * @throws BaseError of whichever is not there
 */
export async function connectNode(directory: string, signal: AbortSignal, of?: string): Promise<ConnectedNode> {
  const named = of === undefined ? undefined : readAccount(of);
  const node = await openNode(directory);
  const address = named ?? node.keys.current;
  const hub = openHub(node.config, signal);
  const info = await readInfo(directory, hub);
  const chain = openChain(node.config, info, await node.keys.account(address));
  return { node, hub, info, chain, address: address as `0x${string}` };
}

/** @throws UsageError `cli/bad-value` */
function readAccount(text: string) {
  const { data } = addressSchema.safeParse(text);
  if (data !== undefined) return data;
  throw new UsageError('cli/bad-value', `"${text}" is no account's address.`, {
    hints: ['"skein node status" lists the accounts of the node.'],
  });
}
