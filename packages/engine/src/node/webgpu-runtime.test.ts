import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { arithmeticGraph } from '../runtime/testing/arithmetic-graph.ts';
import { describeRuntime } from '../runtime/testing/runtime-contract.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

/** SwiftShader, a Vulkan driver that computes on the CPU, as Debian's package chromium brings it. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
// Read by the Vulkan loader when the first session asks for an adapter; a driver that is already named stays.
if (existsSync(SWIFTSHADER)) {
  process.env['VK_DRIVER_FILES'] ??= SWIFTSHADER;
  process.env['VK_ICD_FILENAMES'] ??= SWIFTSHADER;
}

/** Null where WebGPU finds an adapter; else why these tests are passed over. */
async function reasonToSkip(): Promise<string | null> {
  const runtime = createWorkerRuntime('webgpu');
  try {
    await (await runtime.createSession(arithmeticGraph())).release();
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await runtime.close();
  }
}

const reason = await reasonToSkip();

const skipped = reason === null ? '' : `, skipped: ${reason} Debian: apt-get install chromium libvulkan1`;

describe.skipIf(reason !== null)(`with an adapter${skipped}`, () => {
  describeRuntime('onnxruntime-node on WebGPU', {
    create: () => createWorkerRuntime('webgpu'),
    placeFile(bytes) {
      const file = join(temporaryDirectory(), 'weights.safetensors');
      writeFileSync(file, bytes);
      return file;
    },
    // A shader's exponentials and roots may be off by several units in the last place.
    elements: { atol: 1e-5, rtol: 1e-4 },
    model: 1e-4,
  });
});
