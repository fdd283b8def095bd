import { open } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../node/testing/temporary-directory.ts';
import { describeRuntime } from '../runtime/testing/runtime-contract.ts';
import { createWasmRuntime } from './wasm-runtime.ts';

async function readBytes(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

describeRuntime('onnxruntime-web on WASM', {
  create: () => createWasmRuntime({ threads: 2, readBytes }),
  placeFile(bytes) {
    const file = join(temporaryDirectory(), 'weights.safetensors');
    writeFileSync(file, bytes);
    return file;
  },
  elements: { atol: 1e-6, rtol: 1e-5 },
  model: 1e-5,
});
