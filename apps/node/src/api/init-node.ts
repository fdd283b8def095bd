import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Address } from '@skein/alliance';
import { BaseError } from '@skein/core';
import type { Hex } from 'viem';
import type { z } from 'zod';
import { assertSafeConfig, type NodeConfig, nodeConfigSchema } from '../config/node-config.ts';
import { type Policy, policySchema } from '../config/policy.ts';
import { writeJsonFile } from '../files/json-file.ts';
import { openKeyStore } from '../keys/key-store.ts';
import { readPassword } from '../keys/password.ts';
import { nodePaths } from '../node-paths.ts';

export interface InitNodeOptions {
  readonly directory: string;
  readonly config: Omit<z.input<typeof nodeConfigSchema>, 'version'>;
  readonly policy?: Omit<z.input<typeof policySchema>, 'version'> | undefined;
  /** Makes a password file where there is none: for development, with a warning. */
  readonly makePassword: boolean;
  readonly warn: (sentence: string) => void;
  /** An account brought along instead of a random one. */
  readonly privateKey?: Hex | undefined;
  /** Cost of the key file's scrypt; only tests and throwaway nodes take less than usual. */
  readonly scryptN?: number | undefined;
}

/**
 * Makes a node's directory: node.json, policy.json, and an account in an encrypted key file. Repeating it after a crash
 * finishes what was begun; a finished directory is refused.
 * @throws BaseError `node/exists`, `node/bad-config`, `node/plain-http`, `node/no-password`
 */
export async function initNode(options: InitNodeOptions): Promise<{ readonly address: Address }> {
  const { directory, makePassword: make, warn, privateKey, scryptN } = options;
  const paths = nodePaths(directory);
  if (existsSync(paths.config)) {
    throw new BaseError('node/exists', `${directory} is a node's directory already.`, {
      hints: ['Edit its node.json, or name a new directory.'],
    });
  }
  const config = parseConfig({ ...options.config, version: 'node/1' });
  assertSafeConfig(config);
  const policy: Policy = policySchema.parse({ ...options.policy, version: 'policy/1' });
  await mkdir(paths.alliances, { recursive: true, mode: 0o700 });
  const password = await readPassword({ env: process.env, file: paths.password, make, warn });
  const keys = await openKeyStore({ directory: paths.keys, password, privateKey, scryptN });
  await writeJsonFile(paths.policy, policy);
  // Last: only with it the directory counts as a node's.
  await writeJsonFile(paths.config, config);
  return { address: keys.current };
}

function parseConfig(value: unknown): NodeConfig {
  const result = nodeConfigSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const fault = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message;
  throw new BaseError('node/bad-config', `The node's ${issue?.path.join('.')} is wrong: ${fault}.`, {
    info: { path: issue?.path },
    hints: ['See docs/node.md for what node.json holds.'],
  });
}
