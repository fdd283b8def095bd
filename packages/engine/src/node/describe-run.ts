import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { digestFromHash } from '@skein/core';
import { digestOfFile } from './digest-of-file.ts';
import type { FineTuneOptions } from './fine-tune-options.ts';
import type { ModelFolder } from './model-folder.ts';

/** Everything that decides the run's numbers. @param computedBy what computes, its version, and with which numbers. */
export async function describeRun(
  folder: ModelFolder,
  { method, rows, threads, validation, data, format, train }: FineTuneOptions,
  computedBy: { readonly runtime: string; readonly [name: string]: unknown },
) {
  const digests = (files: readonly string[]) => Promise.all(files.map(digestOfFile));
  return {
    version: 'run/1',
    threads,
    model: await describeModel(folder),
    method: await describeMethod(method),
    data: await digests(data),
    format: format ?? null,
    validation: 'files' in validation ? { files: await digests(validation.files) } : validation,
    rows,
    train,
    ...computedBy,
  };
}

/** A new adapter's settings, or the content of the one that is trained further. */
async function describeMethod(method: FineTuneOptions['method']) {
  switch (method.kind) {
    case 'lora':
      return {
        kind: method.kind,
        adapter: { ...method.adapter, layers: method.adapter.layers ?? null, baseModel: null },
      };
    case 'continue': {
      const files = ['adapter_config.json', 'adapter_model.safetensors'].map((name) =>
        join(method.adapterFolder, name),
      );
      return { kind: method.kind, adapter: await Promise.all(files.map(digestOfFile)) };
    }
    case 'full':
      return { kind: method.kind };
  }
}

/** Files beside the weights that decide ids and shapes. */
const DECIDING = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja'];

/**
 * Digests of the small files, and the place and size of every weight: enough to notice another model at once. What the
 * weights hold is compared beside the first step (settle-weights.ts).
 */
async function describeModel({ path, weights }: ModelFolder) {
  const files = DECIDING.filter((name) => existsSync(join(path, name)));
  const digests = await Promise.all(files.map(async (name) => [name, await digestOfFile(join(path, name))] as const));
  const places = createHash('sha256');
  for (const { name, source } of weights.values()) {
    if (!ArrayBuffer.isView(source)) places.update(`${name} ${source.offset} ${source.length}\n`);
  }
  return { files: Object.fromEntries(digests), weights: digestFromHash(places.digest()) };
}
