import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteSource, createMemorySource } from '../byte-source.ts';
import { SAFETENSORS_DTYPES, type SafetensorsDtype, tensorBitCount } from './dtype.ts';
import { encodeSafetensorsHeader } from './encode-header.ts';
import { readSafetensorsIndex, readSafetensorsTensor } from './read-safetensors.ts';
import { encodeSafetensors, type SafetensorsTensorData, streamSafetensors } from './write-safetensors.ts';

const name = 'x.safetensors';

/** A tensor of any type and shape, with any bytes; dims of sub-byte types are scaled to whole bytes. */
const anyTensor = fc
  .record({
    name: fc.string({ unit: 'binary', maxLength: 6 }).filter((text) => text !== '__metadata__'),
    dtype: fc.constantFrom(...SAFETENSORS_DTYPES),
    dims: fc.array(fc.nat(4), { maxLength: 3 }),
    seed: fc.nat(255),
  })
  .map(({ seed, ...tensor }): SafetensorsTensorData => {
    const dims = tensor.dtype.startsWith('F4') || tensor.dtype.startsWith('F6') ? [...tensor.dims, 4] : tensor.dims;
    const length = (tensorBitCount(tensor.dtype, dims) ?? 0) / 8;
    return { ...tensor, dims, data: Uint8Array.from({ length }, (_, i) => (seed + 31 * i) % 256) };
  });
const anyTensors = fc.uniqueArray(anyTensor, { selector: (tensor) => tensor.name, maxLength: 6 });
const text = fc.string({ unit: 'binary', maxLength: 6 });
const anyMetadata = fc.array(fc.tuple(text, text), { maxLength: 3 }).map((pairs) => new Map(pairs));

describe('a written file', () => {
  it('is read back as it was, and does not depend on the order of tensors and metadata', async () => {
    await fc.assert(
      fc.asyncProperty(anyTensors, anyMetadata, async (tensors, metadata) => {
        const file = encodeSafetensors(tensors, metadata);
        expect(encodeSafetensors(tensors.toReversed(), new Map([...metadata].toReversed()))).toEqual(file);
        const source = createMemorySource(file);
        const index = await readSafetensorsIndex(source, { name });
        expect(index.metadata).toEqual(metadata);
        expect(index.tensors.size).toBe(tensors.length);
        for (const { data, ...tensor } of tensors) {
          const entry = index.tensors.get(tensor.name);
          expect(entry).toMatchObject(tensor);
          if (entry !== undefined) expect(await readSafetensorsTensor(source, entry, { name })).toEqual(data);
        }
      }),
    );
  });

  it('is the same when streamed', async () => {
    await fc.assert(
      fc.asyncProperty(anyTensors, async (tensors) => {
        const data = new Map(tensors.map((tensor) => [tensor.name, tensor.data]));
        const pieces: number[] = [];
        const layout = encodeSafetensorsHeader(tensors);
        for await (const piece of streamSafetensors(layout, (entry) => data.get(entry.name) as Uint8Array)) {
          pieces.push(...piece);
        }
        expect(Uint8Array.from(pieces)).toEqual(encodeSafetensors(tensors));
        expect(layout.fileSize).toBe(pieces.length);
      }),
    );
  });

  it('begins its first tensor at a multiple of 8', () => {
    for (let length = 1; length <= 9; length++) {
      expect(encodeSafetensorsHeader([{ name: 'x'.repeat(length), dtype: 'U8', dims: [1] }]).head.length % 8).toBe(0);
    }
  });

  it('may be larger than memory', async () => {
    const dims = [2 ** 20, 2 ** 20];
    const layout = encodeSafetensorsHeader(['a', 'b', 'c'].map((tensor) => ({ name: tensor, dtype: 'F32', dims })));
    expect(layout.fileSize).toBe(layout.head.length + 3 * 2 ** 42);
    const asked: number[] = [];
    const source: ByteSource = {
      size: layout.fileSize,
      async read(offset, length) {
        asked.push(length);
        return layout.head.slice(offset, offset + length);
      },
    };
    const index = await readSafetensorsIndex(source, { name });
    expect(index.tensors.get('c')?.offset).toBe(layout.head.length + 2 * 2 ** 42);
    expect(asked).toEqual([8, layout.head.length - 8]);
  });
});

describe('writing refuses', () => {
  const good = { name: 'a', dtype: 'F32' as SafetensorsDtype, dims: [1] };
  const tensor = (changes: object): typeof good => ({ ...good, ...changes });

  it.each([
    ['a name twice', [tensor({}), tensor({ dtype: 'U8' })], RangeError],
    ['a reserved name', [tensor({ name: '__metadata__' })], RangeError],
    ['a lone surrogate', [tensor({ name: '\ud800' })], TypeError],
    ['an unknown dtype', [tensor({ dtype: 'F33' })], RangeError],
    ['a negative dim', [tensor({ dims: [-1] })], RangeError],
    ['a fractional dim', [tensor({ dims: [0.5] })], RangeError],
    ['too many elements', [tensor({ dims: [2 ** 40, 2 ** 40] })], RangeError],
    ['a type that ends within a byte', [tensor({ dtype: 'F6_E2M3', dims: [3] })], RangeError],
  ])('%s', (_, tensors, kind) => {
    expect(() => encodeSafetensorsHeader(tensors)).toThrow(kind);
  });

  it('data of another length than the layout says', async () => {
    expect(() => encodeSafetensors([{ ...tensor({}), data: new Uint8Array(3) }])).toThrow(RangeError);
    const stream = streamSafetensors(encodeSafetensorsHeader([tensor({})]), () => new Uint8Array(5));
    await stream.next();
    await expect(stream.next()).rejects.toThrow(RangeError);
  });
});

describe('reading', () => {
  const file = encodeSafetensors([{ name: 'a', dtype: 'U8', dims: [2], data: Uint8Array.of(1, 2) }]);

  it('notices a file that shrinks while it is read', async () => {
    const index = await readSafetensorsIndex(createMemorySource(file), { name });
    const shrunk: ByteSource = { size: file.length, read: async (offset) => file.slice(offset, file.length - 1) };
    const entry = index.tensors.get('a');
    if (entry === undefined) throw new Error('no entry');
    await expect(readSafetensorsTensor(shrunk, entry, { name })).rejects.toMatchObject({
      code: 'core/short-read',
      message: expect.stringContaining(name),
    });
  });

  it('stops at an aborted signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(readSafetensorsIndex(createMemorySource(file), { name, signal })).rejects.toThrow('enough');
    const stream = streamSafetensors(
      encodeSafetensorsHeader([{ name: 'a', dtype: 'U8', dims: [1] }]),
      () => file,
      signal,
    );
    await stream.next();
    await expect(stream.next()).rejects.toThrow('enough');
  });
});
