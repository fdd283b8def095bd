import { fileURLToPath } from 'node:url';
import { chainProcessFile } from '@skein/chain/node';
import type { ProcessSpec } from '../supervisor/supervise-process.ts';
import type { LocalDirectory } from './local-directory.ts';

const apps = new URL('../../../', import.meta.url);
export const HUB_FILE = fileURLToPath(new URL('hub/src/main.ts', apps));
export const NODE_FILE = fileURLToPath(new URL('node/src/main.ts', apps));

/** The embedded chain of a folder. */
export function chainProgram(local: LocalDirectory): ProcessSpec {
  const { chain, ports } = local;
  const command = [chainProcessFile, '--directory', chain, '--port', String(ports.chain)];
  return { name: 'chain', command, logFile: local.logFile('chain') };
}

/** The hub of a folder, on a chain at `rpcUrl`. */
export function hubProgram(local: LocalDirectory, rpcUrl: string): ProcessSpec {
  const { hub, ports, book } = local;
  const command = [HUB_FILE, '--directory', hub, '--port', String(ports.hub), '--rpc', rpcUrl, '--book', book];
  return { name: 'hub', command, logFile: local.logFile('hub') };
}

/** One node of a folder. */
export function nodeProgram(local: LocalDirectory, name: string): ProcessSpec {
  const command = [NODE_FILE, '--directory', local.nodeDirectory(name)];
  return { name: `node ${name}`, command, logFile: local.logFile(`node-${name}`) };
}
