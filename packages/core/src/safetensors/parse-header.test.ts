import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemorySource } from '../byte-source.ts';
import { BaseError } from '../errors.ts';
import type { SafetensorsFault } from './safetensors-error.ts';
import { getSafetensorsEntry, readSafetensorsIndex } from './read-safetensors.ts';
import type { SafetensorsIndex } from './safetensors-index.ts';

const name = 'model.safetensors';

function fileOf(header: string | Uint8Array, dataLength: number): Uint8Array {
  const raw = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + raw.length + dataLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(raw.length), true);
  file.set(raw, 8);
  return file;
}

const open = (file: Uint8Array): Promise<SafetensorsIndex> => readSafetensorsIndex(createMemorySource(file), { name });

function tensor(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ dtype: 'F32', shape: [1], data_offsets: [0, 4], ...changes });
}

const one = (changes: Readonly<Record<string, unknown>>): string => `{"a":${tensor(changes)}}`;
const two = (begin: number, end: number): string => `{"a":${tensor()},"b":${tensor({ data_offsets: [begin, end] })}}`;

const MALFORMED: [SafetensorsFault, string, string | Uint8Array, number][] = [
  ['not-json', 'has a header that is not JSON in UTF-8', '{"a":', 0],
  ['not-json', 'has a header that is not JSON in UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 0],
  ['not-an-object', 'has a header that does not begin with "{"', '[1]', 0],
  ['duplicate-key', 'names "a" twice in its header', `{"a":${tensor()},"a":${tensor()}}`, 4],
  ['bad-metadata', 'has metadata "k" that is not text', '{"__metadata__":{"k":1}}', 0],
  ['bad-tensor', 'has a header whose member "a" describes no tensor', '{"a":[]}', 0],
  ['unknown-dtype', 'has tensor "a" of unknown dtype "F33"', one({ dtype: 'F33' }), 4],
  ['unknown-dtype', 'has tensor "a" of unknown dtype "constructor"', one({ dtype: 'constructor' }), 4],
  ['bad-dims', 'has tensor "a" of impossible shape [-1]', one({ shape: [-1] }), 4],
  ['bad-dims', 'has tensor "a" of impossible shape [1.5]', one({ shape: [1.5] }), 4],
  ['bad-dims', 'has tensor "a" of impossible shape [9007199254740992]', one({ shape: [2 ** 53] }), 4],
  ['bad-offsets', 'has tensor "a" at impossible offsets [4,0]', one({ data_offsets: [4, 0] }), 4],
  ['bad-offsets', 'has tensor "a" at impossible offsets undefined', one({ data_offsets: undefined }), 4],
  [
    'overflow',
    'has tensor "a" of F32 and shape [2147483648,2147483648], larger than 2^53 bits',
    one({ shape: [2 ** 31, 2 ** 31] }),
    4,
  ],
  // A dim of 0 makes the product 0 in the end; the reference reader refuses it on the way too.
  [
    'overflow',
    'has tensor "a" of F32 and shape [1099511627776,1099511627776,0], larger than 2^53 bits',
    one({ shape: [2 ** 40, 2 ** 40, 0], data_offsets: [0, 0] }),
    0,
  ],
  ['split-byte', 'has tensor "a" of F4 and shape [3], which ends within a byte', one({ dtype: 'F4', shape: [3] }), 4],
  ['wrong-length', 'gives 4 bytes to tensor "a" of F32 and shape [2], which takes 8', one({ shape: [2] }), 4],
  ['overlap', 'has tensor "b" overlapping the one before it', two(2, 6), 6],
  ['hole', 'has a hole of 4 bytes before tensor "b"', two(8, 12), 12],
  ['hole', 'has 3 bytes after its last tensor that belong to no tensor', one({}), 7],
  ['truncated', 'is truncated: tensor "b" ends at byte 123 of 122', two(4, 8), 7],
];

describe('a malformed safetensors file', () => {
  it.each(MALFORMED)('%s: %s', async (fault, sentence, header, dataLength) => {
    const error = await open(fileOf(header, dataLength)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BaseError);
    expect(error).toMatchObject({ code: `core/safetensors-${fault}`, message: `${name} ${sentence}.` });
    expect((error as BaseError).hints).toHaveLength(1);
  });

  it('is recognised as a Git LFS pointer', async () => {
    const pointer = new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
    await expect(open(pointer)).rejects.toMatchObject({ code: 'core/safetensors-lfs-pointer' });
  });

  it.each([
    ['truncated', new Uint8Array(7), 'is truncated: it has 7 bytes'],
    ['truncated', Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0), 'a header of 9 bytes but has 8 bytes in all'],
    ['header-too-large', new Uint8Array(8).fill(0xff), 'a header of 18446744073709551615 bytes'],
  ])('%s before the header', async (fault, file, sentence) => {
    const error = await open(file).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: `core/safetensors-${fault}`, message: expect.stringContaining(sentence) });
  });

  it('does not put a long hostile name into the message', async () => {
    const error = await open(fileOf(`{"${'x'.repeat(1e6)}":1}`, 0)).catch((reason: unknown) => reason);
    expect((error as Error).message.length).toBeLessThan(200);
  });

  it('lacks a tensor', async () => {
    const index = await open(fileOf(one({}), 4));
    expect(getSafetensorsEntry(index, 'a', name).byteLength).toBe(4);
    const code = 'core/safetensors-missing-tensor';
    expect(() => getSafetensorsEntry(index, 'toString', name)).toThrow(expect.objectContaining({ code }));
  });
});

describe('fuzz', () => {
  const valid = fileOf(`{"__metadata__":{"format":"pt"},"a":${tensor()},"b":${tensor({ data_offsets: [4, 8] })}}`, 8);

  /** Either an index that covers the file exactly, or our error; never another error, never a wrong index. */
  async function isJudged(file: Uint8Array): Promise<boolean> {
    try {
      const { tensors } = await open(file);
      const headerLength = Number(new DataView(file.buffer).getBigUint64(0, true));
      let end = 8 + headerLength;
      for (const { offset, byteLength } of tensors.values()) {
        if (offset !== end) return false;
        end += byteLength;
      }
      return end === file.length;
    } catch (error) {
      return error instanceof BaseError && error.code.startsWith('core/safetensors-');
    }
  }

  it('of changed, cut and lengthened files ends in an index or one of our errors', async () => {
    const edit = fc.tuple(
      fc.nat(valid.length - 1),
      fc.constantFrom(...new TextEncoder().encode('{}[],:"0129-.eE\\ \u0000')),
    );
    const length = fc.integer({ min: 0, max: valid.length + 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 4 }), fc.option(length), (edits, cut) => {
        const file = new Uint8Array(cut ?? valid.length);
        file.set(valid.subarray(0, file.length));
        for (const [place, byte] of edits) if (place < file.length) file[place] = byte;
        return isJudged(file);
      }),
      { numRuns: 2000 },
    );
  });

  it('of JSON of any form ends likewise', async () => {
    const count = fc.oneof(fc.nat(8), fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53, 1e300, '1', null));
    const counts = fc.oneof(fc.array(count, { maxLength: 3 }), count);
    const dtype = fc.constantFrom('F32', 'F16', 'F4', 'U8', 'F99', 1, null);
    const entry = fc.record({ dtype, shape: counts, data_offsets: counts }, { requiredKeys: [] });
    const header = fc.dictionary(fc.string({ maxLength: 2 }), fc.oneof(entry, fc.jsonValue()), { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(header, fc.nat(8), (json, dataLength) => isJudged(fileOf(JSON.stringify(json), dataLength))),
      { numRuns: 2000 },
    );
  });
});
