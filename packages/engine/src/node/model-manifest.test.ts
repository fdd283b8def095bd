import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOfBytes } from '@skein/core';
import { expect, test } from 'vitest';
import { assertBaseModel, digestOfModelManifest, readModelManifest } from './model-manifest.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const shipped = fileURLToPath(new URL('../../../../models/skein-small', import.meta.url));

function copyOfModel(): string {
  const folder = temporaryDirectory();
  cpSync(shipped, folder, { recursive: true });
  return folder;
}

const digestOf = async (folder: string) => digestOfModelManifest(await readModelManifest(folder));

test('lists what decides the numbers, by content', async () => {
  const { files } = await readModelManifest(shipped);
  const names = ['chat_template.jinja', 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  expect(files.map(({ path }) => path)).toEqual(names);
  for (const { path, sizeBytes, digest } of files) {
    const bytes = readFileSync(join(shipped, path));
    expect({ sizeBytes, digest }).toEqual({ sizeBytes: bytes.length, digest: digestOfBytes(bytes) });
  }
});

test('is the same for the same model elsewhere, and another one where a byte differs', async () => {
  const folder = copyOfModel();
  writeFileSync(join(folder, 'README.md'), 'words');
  const expected = await digestOf(shipped);
  expect(await digestOf(folder)).toBe(expected);
  const weights = readFileSync(join(folder, 'model.safetensors'));
  weights[weights.length - 1]! ^= 1;
  writeFileSync(join(folder, 'model.safetensors'), weights);
  const found = await digestOf(folder);
  expect(found).not.toBe(expected);
  expect(() => assertBaseModel(folder, { found, expected })).toThrow(
    expect.objectContaining({ code: 'engine/other-model' }),
  );
  expect(() => assertBaseModel(folder, { found, expected: found })).not.toThrow();
});

test('names a file that is missing', async () => {
  const folder = copyOfModel();
  rmSync(join(folder, 'tokenizer.json'));
  expect(existsSync(join(folder, 'tokenizer.json'))).toBe(false);
  await expect(readModelManifest(folder)).rejects.toMatchObject({ code: 'engine/file-missing' });
});
