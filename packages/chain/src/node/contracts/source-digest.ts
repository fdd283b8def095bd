import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSha256, type Digest, digestFromHash } from '@skein/core';
import { repositoryRoot } from './run-forge.ts';

const contractsFolder = 'packages/chain/contracts';
/** What decides about the compiler's output besides our sources. */
const settings = [
  'packages/chain/foundry.toml',
  'node_modules/solc/package.json',
  'node_modules/@openzeppelin/contracts/package.json',
];

/** Names everything that the contracts' bytecode depends on; tests aside. */
export async function contractSourceDigest(): Promise<Digest> {
  const entries = await readdir(join(repositoryRoot, contractsFolder), { recursive: true });
  const sources = entries
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.sol') && !path.startsWith('test/'))
    .toSorted()
    .map((path) => `${contractsFolder}/${path}`);
  const hash = createSha256();
  for (const path of [...sources, ...settings]) {
    const content = path.endsWith('package.json')
      ? await packageVersion(path)
      : await readFile(join(repositoryRoot, path));
    hash.update(new TextEncoder().encode(`${path} ${content.length}\n`)).update(content);
  }
  return digestFromHash(hash.digest());
}

async function packageVersion(path: string): Promise<Uint8Array> {
  const { version } = JSON.parse(await readFile(join(repositoryRoot, path), 'utf8')) as { version: string };
  return new TextEncoder().encode(version);
}
