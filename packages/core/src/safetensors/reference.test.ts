import { describe, expect, it } from 'vitest';
import vectors from '../../../../test/vectors/safetensors/reference.json' with { type: 'json' };
import { createMemorySource } from '../byte-source.ts';
import { BaseError } from '../errors.ts';
import { decodeFloats } from './decode-floats.ts';
import { SAFETENSORS_DTYPES } from './dtype.ts';
import { readSafetensorsIndex, readSafetensorsTensor } from './read-safetensors.ts';
import { encodeSafetensors, type SafetensorsTensorData } from './write-safetensors.ts';

const name = 'x.safetensors';
const written = Object.entries(vectors.written);
const judged = Object.entries(vectors.judged);
const decode = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

async function readAll(file: Uint8Array): Promise<{ tensors: SafetensorsTensorData[]; metadata: Map<string, string> }> {
  const source = createMemorySource(file);
  const index = await readSafetensorsIndex(source, { name });
  const tensors: SafetensorsTensorData[] = [];
  for (const entry of index.tensors.values()) {
    tensors.push({ ...entry, data: await readSafetensorsTensor(source, entry, { name }) });
  }
  return { tensors, metadata: new Map(index.metadata) };
}

describe('files of the reference writer', () => {
  it.each(written)('"%s" are written again with the same bytes, from any order', async (_, base64) => {
    const file = decode(base64);
    const { tensors, metadata } = await readAll(file);
    expect(encodeSafetensors(tensors, metadata)).toEqual(file);
    expect(encodeSafetensors(tensors.toReversed(), metadata)).toEqual(file);
  });

  it('cover every dtype but the two that the Python package has no name for', async () => {
    const { tensors } = await readAll(decode(vectors.written['every dtype']));
    const missing = SAFETENSORS_DTYPES.filter((wanted) => tensors.every(({ dtype }) => dtype !== wanted));
    expect(missing).toEqual(['F6_E2M3', 'F6_E3M2']);
  });

  it('hold the floats that were put in', async () => {
    const { tensors } = await readAll(decode(vectors.written.floats));
    const read = (wanted: 'F32' | 'F16' | 'BF16'): number[] => {
      const tensor = tensors.find(({ dtype }) => dtype === wanted);
      return [...decodeFloats(tensor?.data ?? new Uint8Array(), wanted)];
    };
    expect(read('F32')).toEqual([1.5, -2, 3.4028234663852886e38, 2 ** -149]);
    expect(read('F16')).toEqual([1.5, -2, 65504, 2 ** -24]);
    // 0x7f7f is bfloat16's largest number, 0x0001 its smallest: 2^-126 / 2^7.
    expect(read('BF16')).toEqual([1.5, -2, (2 - 2 ** -7) * 2 ** 127, 2 ** -133]);
  });
});

describe('the reference reader', () => {
  it('has judged files of both kinds', () => {
    expect(judged.filter(([, { accepted }]) => accepted)).toHaveLength(13);
    expect(judged.filter(([, { accepted }]) => !accepted)).toHaveLength(48);
  });

  it.each(judged)('agrees on "%s"', async (title, { accepted, file }) => {
    const outcome = await readSafetensorsIndex(createMemorySource(decode(file)), { name }).catch((error) => error);
    if (accepted && !title.startsWith('stricter:')) {
      expect(outcome).not.toBeInstanceOf(Error);
    } else {
      expect(outcome).toBeInstanceOf(BaseError);
      expect(outcome.code).toMatch(/^core\/safetensors-/);
      expect(outcome.message).toMatch(/^x\.safetensors .+[^.]\.$/);
    }
  });
});
