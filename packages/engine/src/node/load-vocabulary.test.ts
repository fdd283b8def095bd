import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import vectors from '../../../../test/vectors/tokenizer/expected.json' with { type: 'json' };
import { loadVocabulary } from './load-vocabulary.ts';

const vectorFolder = fileURLToPath(new URL('../../../../test/vectors/tokenizer', import.meta.url));
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-vocabulary-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('renders and encodes the chats of the vectors', async () => {
  const { tokenizer, template } = await loadVocabulary(vectorFolder);
  expect(vectors.chats.length).toBeGreaterThan(0);
  for (const { messages, add_generation_prompt: addGenerationPrompt, text, ids } of vectors.chats) {
    const rendered = template?.render({ messages }, { addGenerationPrompt });
    expect(rendered).toBe(text);
    expect([...tokenizer.encode(text, { addSpecialTokens: false })]).toEqual(ids);
  }
});

it('opens a folder with nothing but tokenizer.json, without a template', async () => {
  await copyFile(join(vectorFolder, 'tokenizer.json'), join(folder, 'tokenizer.json'));
  const { tokenizer, template } = await loadVocabulary(folder);
  expect(template).toBeNull();
  expect(tokenizer.eosTokenIds).toEqual([]);
});

it('says what is missing or broken', async () => {
  await expect(loadVocabulary(folder)).rejects.toThrow(expect.objectContaining({ code: 'engine/tokenizer-missing' }));
  await writeFile(join(folder, 'tokenizer.json'), '{"model":');
  await expect(loadVocabulary(folder)).rejects.toThrow(
    expect.objectContaining({
      code: 'engine/tokenizer-malformed',
      message: `${join(folder, 'tokenizer.json')} is not valid JSON.`,
    }),
  );
});
