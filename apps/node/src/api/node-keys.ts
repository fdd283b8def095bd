import type { Address } from '@skein/alliance';
import { openNode } from '../open-node.ts';

/** Makes a new account for alliances joined from now on. Older ones stay: they may hold bonds and earnings. */
export async function rotateKey(directory: string): Promise<{ readonly address: Address }> {
  const { keys } = await openNode(directory);
  return { address: await keys.rotate() };
}

/** Makes an older account the one that new alliances are joined with. @throws BaseError `node/no-key` */
export async function useKey(directory: string, address: Address): Promise<void> {
  const { keys } = await openNode(directory);
  await keys.use(address);
}

/** Writes an account's encrypted key file to `path` and opens it there, under the node's password. */
export async function backUpKey(directory: string, path: string, address?: Address): Promise<Address> {
  const { keys } = await openNode(directory);
  const backedUp = address ?? keys.current;
  await keys.backUp(backedUp, path);
  return backedUp;
}

/** Takes an account back in from a key file. @param password of that file */
export async function restoreKey(directory: string, path: string, password: string): Promise<Address> {
  const { keys } = await openNode(directory);
  return await keys.restore(path, password);
}
