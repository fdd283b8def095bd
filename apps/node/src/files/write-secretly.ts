import { open } from 'node:fs/promises';
import { partialSuffix, writeDurably } from '@skein/engine/files';

/**
 * `writeDurably` for a file that only its owner may read: the partial file exists with mode 0600 before its first byte.
 * @throws BaseError `engine/disk-full`, `engine/not-writable`.
 */
export async function writeSecretly(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const created = await open(path + partialSuffix, 'w', 0o600).catch(() => null);
  // A partial file that a crash left keeps its old mode.
  await created?.chmod(0o600);
  await created?.close();
  await writeDurably(path, chunks);
}
