import { truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFloats, parseSafetensorsHeader } from '@skein/core';
import { expect, test } from 'vitest';
import {
  float32ToWrite,
  openSafetensors,
  readSafetensors,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors-file.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const weight = { name: 'weight', dims: [2, 3], data: Float32Array.of(1, -0, Number.NaN, 1e-45, 3e38, 0.1) };
const bias = { name: 'bias', dims: [], data: Float32Array.of(7) };
const empty = { name: 'empty', dims: [0, 4], data: new Float32Array() };

test('float32 tensors come back with the same bits, sorted by name', async () => {
  const path = join(temporaryDirectory(), 'a.safetensors');
  await writeSafetensors(path, [weight, bias, empty].map(float32ToWrite), new Map([['format', 'pt']]));
  expect(await readSafetensors(path)).toEqual([bias, empty, weight]);
  const reader = await openSafetensors(path);
  expect(reader.index.metadata).toEqual(new Map([['format', 'pt']]));
  await reader.close();
});

test('writes the part of a larger buffer that an array views, and the same bytes in any order', async () => {
  const directory = temporaryDirectory();
  const view = { name: 'view', dims: [2], data: Float32Array.of(9, 5, 6, 9).subarray(1, 3) };
  const [one, two] = [join(directory, 'one'), join(directory, 'two')];
  await writeSafetensors(one, [view, bias].map(float32ToWrite));
  await writeSafetensors(two, [bias, view].map(float32ToWrite));
  expect((await readSafetensors(one)).find(({ name }) => name === 'view')?.data).toEqual(Float32Array.of(5, 6));
  expect((await readFile(one)).equals(await readFile(two))).toBe(true);
});

test('asks for each tensor’s bytes only when the one before is written', async () => {
  const path = join(temporaryDirectory(), 'a');
  const asked: string[] = [];
  const tensors = ['c', 'a', 'b'].map(
    (name): TensorToWrite => ({
      name,
      dims: [2],
      dtype: 'BF16',
      data: async () => {
        asked.push(name);
        return encodeFloats(Float32Array.of(1.5, -2), 'BF16');
      },
    }),
  );
  await writeSafetensors(path, tensors);
  expect(asked).toEqual(['a', 'b', 'c']);
  expect((await readSafetensors(path)).map(({ data }) => [...data])).toEqual([
    [1.5, -2],
    [1.5, -2],
    [1.5, -2],
  ]);
});

test('lies in the file as the format says', async () => {
  const path = join(temporaryDirectory(), 'a');
  await writeSafetensors(path, [float32ToWrite(weight)]);
  const file = await readFile(path);
  const headerLength = Number(file.readBigUInt64LE(0));
  const index = parseSafetensorsHeader(file.subarray(8, 8 + headerLength), { name: 'a', size: file.length });
  expect(index.tensors.get('weight')).toMatchObject({ dtype: 'F32', dims: [2, 3], offset: 8 + headerLength });
  expect(file.readFloatLE(8 + headerLength + 4 * 5)).toBe(Math.fround(0.1));
});

test('names a truncated file, a missing one, a directory, and a tensor that is no float', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'a');
  await writeSafetensors(path, [weight, bias].map(float32ToWrite));
  truncateSync(path, 100);
  await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'core/safetensors-truncated' });
  await expect(readSafetensors(`${path}x`)).rejects.toMatchObject({ code: 'engine/file-missing' });
  await expect(readSafetensors(directory)).rejects.toMatchObject({ code: 'engine/file-unreadable' });
  await writeSafetensors(path, [{ name: 'ids', dims: [1], dtype: 'I64', data: () => new Uint8Array(8) }]);
  await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'engine/tensor-not-float' });
});

test('a tensor whose bytes do not fit its shape leaves no file', async () => {
  const path = join(temporaryDirectory(), 'a');
  writeFileSync(path, 'old');
  const wrong: TensorToWrite = { name: 'x', dims: [2], dtype: 'F32', data: () => new Uint8Array(4) };
  await expect(writeSafetensors(path, [wrong])).rejects.toThrow(RangeError);
  expect(await readFile(path, 'utf8')).toBe('old');
});
