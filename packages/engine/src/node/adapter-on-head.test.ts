import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLanguageModel } from '../models/language-model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { readAdapter } from './adapter-folder.ts';
import { mergeAdapter } from './merge-adapter.ts';
import { openModelFolder } from './model-folder.ts';
import { openSafetensors, readSafetensors } from './safetensors-file.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

const VECTORS = join(import.meta.dirname, '../../../../test/vectors/lm-head');

let runtime: Runtime;
beforeAll(() => {
  runtime = createWorkerRuntime('cpu');
});
afterAll(() => runtime.close());

/** Logits of the reference's first row, which has no padding. */
async function logitsOf(model: string, inputs: string): Promise<Float32Array> {
  const { config, weights } = await openModelFolder(model);
  const opened = createLanguageModel(runtime, {
    spec: { config, weights, trainable: new Map(), adapter: [] },
    parameters: [],
  });
  const reader = await openSafetensors(join(inputs, 'inputs.safetensors'));
  const bytes = await reader.read('input_ids');
  await reader.close();
  const length = bytes.length / 8 / 2;
  const inputIds = Int32Array.from(new BigInt64Array(bytes.buffer, bytes.byteOffset, length), Number);
  return opened.logits({
    batch: 1,
    length,
    inputIds,
    positions: inputIds.map((_, i) => i),
    segments: inputIds.map(() => 1),
  });
}

test.each(['tied', 'untied'])(
  'merged into an output layer that was %s, the adapter gives the logits of PEFT',
  async (kind) => {
    const reference = join(VECTORS, kind);
    const base = join(reference, 'model');
    const out = join(temporaryDirectory(), 'merged');
    const result = await mergeAdapter({ model: base, adapter: join(reference, 'adapter_init'), out });
    expect(result.merged).toBe(kind === 'tied' ? 3 : 2);
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({ tie_word_embeddings: false });

    const stored = await readSafetensors(join(reference, 'logits.safetensors'));
    const expected = stored.find(({ name }) => name === 'lora_logits')!.data;
    const logits = await logitsOf(out, reference);
    const shares = logits.map((value, i) => Math.abs(value - expected[i]!) / (1e-5 + 1e-4 * Math.abs(expected[i]!)));
    expect(Math.max(...shares)).toBeLessThan(1);

    const embedding = async (folder: string) => {
      const tensors = await readSafetensors(join(folder, 'model.safetensors'));
      return tensors.find(({ name }) => name === 'model.embed_tokens.weight')!.data;
    };
    expect(await embedding(out)).toEqual(await embedding(base));
  },
);

test("PEFT's copy of another output layer is refused", async () => {
  const adapter = temporaryDirectory();
  cpSync(join(VECTORS, 'tied/adapter_init'), adapter, { recursive: true });
  const model = await openModelFolder(join(VECTORS, 'tied/model'));
  expect((await readAdapter(adapter, model)).modules).toHaveLength(3);
  const file = join(adapter, 'adapter_model.safetensors');
  const reader = await openSafetensors(file);
  const { offset } = reader.index.tensors.get('base_model.model.lm_head.base_layer.weight')!;
  await reader.close();
  const bytes = readFileSync(file);
  bytes.writeFloatLE(bytes.readFloatLE(offset) + 0.01, offset);
  writeFileSync(file, bytes);
  await expect(readAdapter(adapter, model)).rejects.toMatchObject({ code: 'engine/adapter-base' });
});
