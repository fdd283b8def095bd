import { type Chain, createChain } from '@skein/chain';
import { createHubClient, type HubClient, type Info } from '@skein/client';
import { BaseError } from '@skein/core';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { NodeConfig } from './config/node-config.ts';
import { assertSafeUrl } from './config/safe-url.ts';
import { nodeConfigSchema } from './config/node-config.ts';
import { readJsonFile, writeJsonFile } from './files/json-file.ts';
import { nodePaths } from './node-paths.ts';
import { leafHash } from './storage/leaf-hash.ts';

/** A short patience: who calls waits longer and says so. */
const PATIENCE_MS = 5000;

/** Where the hub is, as in node.json. */
export type HubAddress = Pick<NodeConfig, 'hub' | 'allowPlainHttp'>;

export function openHub(address: HubAddress, signal?: AbortSignal): HubClient {
  const { hub: url, allowPlainHttp: allowInsecure } = address;
  return createHubClient({ url, allowInsecure, patienceMs: PATIENCE_MS, signal, leafHash });
}

/**
 * What the hub says of chain and log, held against what this node has pinned; the first time it is pinned.
 * @throws BaseError `node/other-hub`, `client/unreachable`
 */
export async function readInfo(directory: string, hub: HubClient): Promise<Info> {
  const info = await hub.info();
  // Read after the hub has answered: what its owner wrote meanwhile is not to be overwritten.
  const path = nodePaths(directory).config;
  const config = await readJsonFile(path, nodeConfigSchema);
  const found = { chainId: info.chain.chainId, alliance: info.chain.alliance, logKey: info.logKey };
  const pins = config?.pins ?? null;
  if (config !== null && pins === null) await writeJsonFile(path, { ...config, pins: found });
  for (const name of ['chainId', 'alliance', 'logKey'] as const) {
    if (pins === null || pins[name] === found[name]) continue;
    throw new BaseError(
      'node/other-hub',
      `The hub names ${found[name]} as ${name}; this node has pinned ${pins[name]}.`,
      {
        info: { name, found: found[name], pinned: pins[name] },
        hints: ['It is another deployment, or the hub lies. Change "pins" in node.json only if you know why.'],
      },
    );
  }
  return info;
}

/**
 * Reaches the chain for an account (or for reading), at the configured address or else through the hub.
 * @throws BaseError `node/no-rpc`, `node/plain-http`; what is wrong with the chain itself is thrown by its actions
 */
export function openChain(config: NodeConfig, info: Info, account?: PrivateKeyAccount): Chain {
  const rpcUrl = config.rpc ?? (info.rpcPath === null ? null : new URL(info.rpcPath, config.hub).href);
  if (rpcUrl === null) {
    throw new BaseError(
      'node/no-rpc',
      'No address of the chain is known: node.json has no "rpc", and the hub offers none.',
      {
        hints: ['Write the JSON-RPC address of a node of the chain into node.json.'],
      },
    );
  }
  assertSafeUrl(rpcUrl, config.allowPlainHttp);
  return createChain({ rpcUrl, book: info.chain as never, ...(account && { account }) });
}
