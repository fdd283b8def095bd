import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFromHash } from '@skein/core';
import { digestOfFile } from './digest-of-file.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { FineTuneOptions } from './fine-tune-options.ts';
import type { ModelFolder } from './model-folder.ts';
import { onnxRuntimeVersion } from './onnx-runtime-version.ts';

/** Everything that decides the run's numbers. */
export async function describeRun(runtime: Runtime, folder: ModelFolder, options: FineTuneOptions) {
  const { method, rows, threads, validation } = options;
  const digests = (files: readonly string[]) => Promise.all(files.map(digestOfFile));
  return {
    version: 'run/1',
    runtime: `${runtime.name} ${onnxRuntimeVersion}`,
    threads,
    model: await describeModel(folder),
    method:
      method.kind === 'lora'
        ? { kind: method.kind, adapter: { ...method.adapter, layers: method.adapter.layers ?? null, baseModel: null } }
        : method,
    data: await digests(options.data),
    format: options.format ?? null,
    validation: 'files' in validation ? { files: await digests(validation.files) } : validation,
    rows,
    train: options.train,
  };
}

/** The configuration's digest, and the place and size of every weight: enough to notice another model. */
async function describeModel({ path, weights }: ModelFolder) {
  const config = createHash('sha256').update(await readFile(join(path, 'config.json')));
  const places = createHash('sha256');
  for (const { name, source } of weights.values()) {
    if (!ArrayBuffer.isView(source)) places.update(`${name} ${source.offset} ${source.length}\n`);
  }
  return { config: digestFromHash(config.digest()), weights: digestFromHash(places.digest()) };
}
