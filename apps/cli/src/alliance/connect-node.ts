import type { Chain } from '@skein/chain';
import type { HubClient, Info } from '@skein/client';
import { openChain, openHub, type OpenedNode, openNode, readInfo } from '@skein/node';

/** A node's account, ready to read and write on hub and chain. */
export interface ConnectedNode {
  readonly node: OpenedNode;
  readonly hub: HubClient;
  readonly info: Info;
  readonly chain: Chain;
}

/** Opens a node's directory and reaches its hub and chain. @throws BaseError of whichever is not there */
export async function connectNode(directory: string, signal: AbortSignal): Promise<ConnectedNode> {
  const node = await openNode(directory);
  const hub = openHub(node.config, signal);
  const info = await readInfo(directory, hub);
  const chain = openChain(node.config, info, await node.keys.account(node.keys.current));
  return { node, hub, info, chain };
}
