import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Digest, digestFromHash } from '@skein/core';

/** Names a file by its content; reads it as a stream. */
export async function digestOfFile(file: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return digestFromHash(hash.digest());
}
