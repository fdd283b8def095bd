import { expect, it } from 'vitest';
import { contentHash } from './content-hash.ts';

it("gives MurmurHash3's published values", () => {
  // Vectors of MurmurHash3_x86_32 that fit whole words, as collected for the reference implementation.
  const vectors: [number[], number, number][] = [
    [[], 0, 0],
    [[], 1, 0x514e28b7],
    [[], 0xffffffff, 0x81f16f39],
    [[0xffffffff], 0, 0x76293b50],
    [[0x87654321], 0, 0xf55b516b],
    [[0x87654321], 0x5082edee, 0x2362f9de],
    [[0], 0, 0x2362f9de],
    [[0x61616161], 0x9747b28c, 0x5a97808a],
  ];
  for (const [words, seed, hash] of vectors)
    expect(
      contentHash(
        Int32Array.from(words, (w) => w | 0),
        seed,
      ),
    ).toBe(hash);
});
