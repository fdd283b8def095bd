import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeRuntime } from '../runtime/testing/runtime-contract.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

describeRuntime('onnxruntime-node on the CPU', {
  create: () => createWorkerRuntime('cpu'),
  placeFile(bytes) {
    const file = join(temporaryDirectory(), 'weights.safetensors');
    writeFileSync(file, bytes);
    return file;
  },
  // The interpreter sums in float64; ONNX Runtime in float32, its exponentials within a few units in the last place.
  elements: { atol: 1e-6, rtol: 3e-6 },
  model: 1e-5,
});
