import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorkerRuntime, runConformance } from '@skein/engine/node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

const VECTORS = join(import.meta.dirname, '../vectors/engine');
const foldersIn = (parent: string) =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(parent, name));
const folders = [...foldersIn(VECTORS), ...foldersIn(join(VECTORS, '../lm-head'))];

let runtime: ReturnType<typeof createWorkerRuntime>;
beforeAll(() => {
  runtime = createWorkerRuntime('cpu');
});
afterAll(() => runtime.close());

test('all nine folders are there', () => expect(folders).toHaveLength(9));

test.each(folders)('%s: every value of transformers and PEFT is met', async (folder) => {
  const checks = await runConformance(runtime, folder);
  expect(checks).toHaveLength(11);
  expect(checks.filter(({ passed }) => !passed)).toEqual([]);
});

/** A copy of one folder, in which a test may spoil something. */
function copyOf(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'skein-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(VECTORS, name), directory, { recursive: true });
  return directory;
}

/** Replaces one float32 of the named tensor in a safetensors file. */
function plant(file: string, { tensor, value }: { tensor: string; value: (old: number) => number }): void {
  const bytes = readFileSync(file);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header: Record<string, { data_offsets: [number, number] }> = JSON.parse(
    bytes.subarray(8, 8 + headerLength).toString(),
  );
  const at = 8 + headerLength + (header[tensor]?.data_offsets[0] ?? Number.NaN);
  bytes.writeFloatLE(value(bytes.readFloatLE(at)), at);
  writeFileSync(file, bytes);
}

async function missedIn(directory: string): Promise<string[]> {
  return (await runConformance(runtime, directory)).filter(({ passed }) => !passed).map(({ name }) => name);
}

describe('a planted fault is found', () => {
  test('in one gradient', async () => {
    const directory = copyOf('qwen3-untied');
    const tensor = 'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight';
    plant(join(directory, 'grads.safetensors'), { tensor, value: (old) => old + 0.01 });
    expect(await missedIn(directory)).toEqual(['gradients']);
  });

  test('in one weight of the adapter', async () => {
    const directory = copyOf('qwen3-untied');
    const tensor = 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight';
    plant(join(directory, 'adapter_init/adapter_model.safetensors'), { tensor, value: (old) => old + 0.01 });
    expect(await missedIn(directory)).toEqual(expect.arrayContaining(['adapted logits', 'gradients', 'final logits']));
    expect(await missedIn(directory)).not.toContain('base logits');
  });

  test('in a reference that holds NaN', async () => {
    const directory = copyOf('qwen3-untied');
    plant(join(directory, 'logits.safetensors'), { tensor: 'base_logits', value: () => Number.NaN });
    expect(await missedIn(directory)).toEqual(['base logits']);
  });

  test('in the greedy tokens', async () => {
    const directory = copyOf('qwen3-untied');
    const file = join(directory, 'expected.json');
    const expected = JSON.parse(readFileSync(file, 'utf8'));
    expected.generation.greedy[3] += 1;
    writeFileSync(file, JSON.stringify(expected));
    expect(await missedIn(directory)).toEqual(['greedy tokens']);
  });

  test('in the form of the folder', async () => {
    const directory = copyOf('qwen3-untied');
    const file = join(directory, 'expected.json');
    const { losses, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...rest, losses: [...losses, 'high'] }));
    await expect(runConformance(runtime, directory)).rejects.toMatchObject({
      code: 'engine/conformance-form',
      message: expect.stringContaining('losses.10'),
    });
  });
});
