import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { describeStores } from '../runtime/testing/contract-stores.ts';
import { describeRuntime } from '../runtime/testing/runtime-contract.ts';
import { reasonToSkipWebGpu } from './testing/graphics-adapter.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

const reason = await reasonToSkipWebGpu();

const skipped = reason === null ? '' : `, skipped: ${reason}`;

describe.skipIf(reason !== null)(`with an adapter${skipped}`, () => {
  const runtime = {
    create: () => createWorkerRuntime('webgpu'),
    placeFile(bytes: Uint8Array) {
      const file = join(temporaryDirectory(), 'weights.safetensors');
      writeFileSync(file, bytes);
      return file;
    },
    // A shader's exponentials and roots may be off by several units in the last place.
    elements: { atol: 1e-5, rtol: 1e-4 },
    model: 1e-4,
  };
  describeRuntime('onnxruntime-node on WebGPU', runtime);
  describeStores(runtime);
});
