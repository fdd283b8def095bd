import { existsSync } from 'node:fs';
import { arithmeticGraph } from '../../runtime/testing/arithmetic-graph.ts';
import { createWorkerRuntime } from '../worker-runtime.ts';

/** SwiftShader, a Vulkan driver that computes on the CPU, as Debian's package chromium brings it. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Why tests on WebGPU are passed over; null where there is an adapter. Names SwiftShader to the Vulkan loader, which
 * reads it when the first session asks for an adapter; a driver that is already named stays.
 */
export async function reasonToSkipWebGpu(): Promise<string | null> {
  if (existsSync(SWIFTSHADER)) {
    process.env['VK_DRIVER_FILES'] ??= SWIFTSHADER;
    process.env['VK_ICD_FILENAMES'] ??= SWIFTSHADER;
  }
  const runtime = createWorkerRuntime('webgpu');
  try {
    await (await runtime.createSession(arithmeticGraph())).release();
    return null;
  } catch (error) {
    return `${(error as Error).message} Debian: apt-get install chromium libvulkan1`;
  } finally {
    await runtime.close();
  }
}
