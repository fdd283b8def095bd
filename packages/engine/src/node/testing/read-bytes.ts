import { openFileSource } from '../file-source.ts';

/** A stretch of a file, for runtimes that have none of their own. */
export async function readBytes(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await openFileSource(path);
  try {
    return await file.read(offset, length);
  } finally {
    await file.close();
  }
}
