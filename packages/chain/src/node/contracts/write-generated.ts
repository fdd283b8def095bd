import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from './run-forge.ts';
import { contractSourceDigest } from './source-digest.ts';

const contracts = ['Token', 'Staking', 'Alliance', 'Rewards', 'Registry'];
const packageFolder = join(repositoryRoot, 'packages/chain');
const header = '/* oxlint-disable max-lines -- written by `npm run contracts` */\n';

interface Artifact {
  readonly abi: readonly unknown[];
  readonly bytecode: { readonly object: string };
}

/** Turns forge's artifacts into typed constants, one file with an ABI and one with bytecode for each contract. */
export async function writeGenerated(): Promise<readonly string[]> {
  const written: string[] = [];
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(join(packageFolder, 'src/generated', name), header + text);
    written.push(name);
  };
  for (const contract of contracts) {
    const artifact = await readArtifact(contract);
    const name = contract.toLowerCase();
    const entries = artifact.abi.map((entry) => `  ${JSON.stringify(entry)},\n`).join('');
    await write(`${name}-abi.ts`, `export const ${name}Abi = [\n${entries}] as const;\n`);
    await write(`${name}-bytecode.ts`, `export const ${name}Bytecode = '${artifact.bytecode.object}';\n`);
  }
  await write('source-digest.ts', `export const sourceDigest = '${await contractSourceDigest()}';\n`);
  return written;
}

async function readArtifact(contract: string): Promise<Artifact> {
  const path = join(packageFolder, '.forge/out', `${contract}.sol`, `${contract}.json`);
  return JSON.parse(await readFile(path, 'utf8')) as Artifact;
}
