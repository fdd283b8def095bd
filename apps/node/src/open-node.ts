import { BaseError } from '@skein/core';
import { assertSafeConfig, type NodeConfig, nodeConfigSchema } from './config/node-config.ts';
import { type Policy, policySchema } from './config/policy.ts';
import { readJsonFile } from './files/json-file.ts';
import { type KeyStore, openKeyStore } from './keys/key-store.ts';
import { readPassword } from './keys/password.ts';
import { nodePaths } from './node-paths.ts';

/** A node's directory, opened: what its owner decided, and its accounts. */
export interface OpenedNode {
  readonly directory: string;
  readonly config: NodeConfig;
  readonly keys: KeyStore;
  /** node.json as it is now: its owner may name data and trainers while the node runs. */
  readonly readConfig: () => Promise<NodeConfig>;
  readonly readPolicy: () => Promise<Policy>;
}

/**
 * Opens a node's directory.
 * @throws BaseError `node/no-directory`, `node/bad-file`, `node/plain-http`, `node/no-password`, `node/wrong-password`
 */
export async function openNode(directory: string, env: NodeJS.ProcessEnv = process.env): Promise<OpenedNode> {
  const paths = nodePaths(directory);
  const config = await readConfig(directory);
  const password = await readPassword({ env, file: paths.password, make: false, warn: () => undefined });
  const keys = await openKeyStore({ directory: paths.keys, password });
  // A wrong password is told now, not in the middle of a round.
  await keys.account(keys.current);
  return { directory, config, keys, readConfig: () => readConfig(directory), readPolicy: () => readPolicy(directory) };
}

async function readConfig(directory: string): Promise<NodeConfig> {
  const config = await readJsonFile(nodePaths(directory).config, nodeConfigSchema);
  if (config === null) {
    throw new BaseError('node/no-directory', `${directory} is no node's directory: it has no node.json.`, {
      hints: ['Make one with "skein init", or name another directory.'],
    });
  }
  assertSafeConfig(config);
  return config;
}

/** The policy file as it is now; a missing one asks for everything. */
export async function readPolicy(directory: string): Promise<Policy> {
  return (await readJsonFile(nodePaths(directory).policy, policySchema)) ?? policySchema.parse({ version: 'policy/1' });
}
