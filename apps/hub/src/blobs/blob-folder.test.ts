import { execFile } from 'node:child_process';
import { readdir, rename, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BLOB_CHUNK_BYTES } from '@skein/alliance';
import { digestFromHash, digestOfBytes, merkleLeafHash, merkleRoot } from '@skein/core';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { openBlobFolder } from './blob-folder.ts';

const data = new Uint8Array(2 * BLOB_CHUNK_BYTES + 3).map((_, at) => at * 13 + (at >> 18));
const chunks = [0, 1, 2].map((index) => data.subarray(index * BLOB_CHUNK_BYTES, (index + 1) * BLOB_CHUNK_BYTES));
const hashes = chunks.map(merkleLeafHash);
const root = digestFromHash(merkleRoot(hashes));
const manifest = { sizeBytes: data.length, chunks: hashes.map(digestFromHash) };
const code = (value: string) => expect.objectContaining({ code: `hub/${value}` });

describe('a folder of blobs', () => {
  it('takes checked chunks in any order and goes on after being opened again', async () => {
    const directory = await temporaryDirectory();
    const blobs = await openBlobFolder(directory);
    await expect(blobs.missing(root)).rejects.toThrow(code('no-blob'));
    await blobs.putManifest(root, manifest);
    await blobs.putManifest(root, manifest);
    await blobs.putChunks(root, 2, chunks[2] as Uint8Array);
    const again = await openBlobFolder(directory);
    expect(await again.missing(root)).toEqual([0, 1]);
    expect(await again.manifest(root)).toEqual(manifest);
    expect(await again.read(root, BLOB_CHUNK_BYTES, 2 * BLOB_CHUNK_BYTES)).toBeUndefined();
    await Promise.all([0, 1, 1].map((index) => again.putChunks(root, index, chunks[index] as Uint8Array)));
    expect(await again.missing(root)).toEqual([]);
    for (const index of [0, 1, 2])
      expect(await again.read(root, index * BLOB_CHUNK_BYTES, BLOB_CHUNK_BYTES)).toEqual(chunks[index]);
    expect(await again.read(root, BLOB_CHUNK_BYTES + 5, 7)).toEqual(chunks[1]?.slice(5, 12));
    await again.remove(root);
    expect(await again.manifest(root)).toBeUndefined();
    expect(await again.read(root, 0, 1)).toBeUndefined();
  });

  it('refuses what the root does not name, and leaves nothing of it', async () => {
    const directory = await temporaryDirectory();
    const blobs = await openBlobFolder(directory);
    await expect(blobs.putManifest(digestOfBytes(data), manifest)).rejects.toThrow(code('wrong-manifest'));
    const short = { ...manifest, sizeBytes: 5 };
    await expect(blobs.putManifest(root, short)).rejects.toThrow(code('wrong-manifest'));
    await blobs.putManifest(root, manifest);
    const damaged = (chunks[0] as Uint8Array).with(1000, 7);
    await expect(blobs.putChunks(root, 0, damaged)).rejects.toThrow(code('wrong-chunk'));
    await expect(blobs.putChunks(root, 0, chunks[1] as Uint8Array)).rejects.toThrow(code('wrong-chunk'));
    await expect(blobs.putChunks(root, 3, chunks[1] as Uint8Array)).rejects.toThrow(code('no-chunk'));
    expect(await blobs.missing(root)).toEqual([0, 1, 2]);
  });

  it('takes several chunks at once, and finds a whole blob that a kill left without its name', async () => {
    const directory = await temporaryDirectory();
    const blobs = await openBlobFolder(directory);
    await blobs.putManifest(root, manifest);
    expect(await blobs.putChunks(root, 1, data.subarray(BLOB_CHUNK_BYTES))).toBe(1);
    const twice = [blobs.putChunks(root, 0, data), blobs.putChunks(root, 0, chunks[0] as Uint8Array)];
    expect(await Promise.all(twice)).toEqual([0, 0]);
    const folder = join(directory, root.slice(7, 9), root.slice(7));
    await rename(join(folder, 'whole'), join(folder, 'coming'));
    const again = await openBlobFolder(directory);
    expect(await again.missing(root)).toEqual([]);
    expect(await readdir(folder)).toEqual(['manifest.json', 'whole']);
    expect(await again.read(root, 0, data.length)).toEqual(data);
  });

  it('refuses a blob for which there is no space, before its first byte', async () => {
    const directory = await temporaryDirectory();
    const { bavail, bsize } = await statfs(directory);
    const blobs = await openBlobFolder(directory);
    const hash = hashes[0] as Uint8Array;
    const count = Math.ceil((bavail * bsize) / BLOB_CHUNK_BYTES);
    const all = Array.from({ length: count }, () => hash);
    const value = { sizeBytes: count * BLOB_CHUNK_BYTES, chunks: all.map(digestFromHash) };
    await expect(blobs.putManifest(digestFromHash(merkleRoot(all)), value)).rejects.toThrow(code('disk-full'));
    expect(await readdir(directory)).toEqual([]);
  });

  it('says that the disk is full where a write does not go through, and leaves nothing of the chunk', async () => {
    const directory = await temporaryDirectory();
    const blobs = await openBlobFolder(directory);
    await blobs.putManifest(root, manifest);
    const program = `import { createMemorySource } from '@skein/core';
      const { openBlobFolder } = await import(process.argv[1]);
      const blobs = await openBlobFolder(process.argv[2]);
      const data = new Uint8Array(${BLOB_CHUNK_BYTES}).map((_, at) => at * 13 + (at >> 18));
      await blobs.putChunks(process.argv[3], 0, data).catch((error) => console.log(error.code));`;
    const script = `ulimit -f 512; exec "$0" --input-type=module -e "$1" "$2" "$3" "$4"`;
    const file = new URL('blob-folder.ts', import.meta.url).href;
    const parameters = ['-c', script, process.execPath, program, file, directory, root];
    const { stdout } = await promisify(execFile)('bash', parameters, { cwd: import.meta.dirname });
    expect(stdout.trim()).toBe('hub/disk-full');
    expect(await blobs.missing(root)).toEqual([0, 1, 2]);
  });
});
