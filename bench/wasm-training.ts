/** How much slower training is in WebAssembly than in the native runtime, in float32 and int8: `node bench/wasm-training.ts [THREADS] [STEPS]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorkerRuntime, measureTraining, randomModelFolder } from '@skein/engine/node';
import { createWasmRuntime } from '@skein/engine/wasm';

const [threads = 2, steps = 5] = process.argv.slice(2).map(Number);
const directory = mkdtempSync(join(tmpdir(), 'skein-bench-'));
// Layers of Qwen2.5-0.5B, a small vocabulary: the whole model does not fit WebAssembly's 4 GiB in float32.
const shape = { layers: 4, hidden: 896, intermediate: 4864, heads: 14, kvHeads: 2, vocabulary: 16_384 };

async function readBytes(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) done += (await file.read(bytes, done, length - done, offset + done)).bytesRead;
    return bytes;
  } finally {
    await file.close();
  }
}

const model = await randomModelFolder(directory, { shape, outliers: false });
const runtimes = { native: createWorkerRuntime('cpu'), wasm: createWasmRuntime({ threads, readBytes }) };
const { signal } = new AbortController();
const options = { model, memory: 'fast', batch: 1, length: 256, rank: 16, steps, threads, signal } as const;
for (const mode of ['fp32', 'int8'] as const) {
  const medians: Record<string, number> = {};
  for (const [name, runtime] of Object.entries(runtimes)) {
    const { stepSeconds, gradientCosine } = await measureTraining(runtime, { ...options, mode });
    medians[name] = stepSeconds.toSorted((a, b) => a - b)[Math.floor(steps / 2)]!;
    console.log(mode, name, { medianSeconds: medians[name], stepSeconds, gradientCosine });
  }
  console.log(mode, { wasmOverNative: medians['wasm']! / medians['native']! });
}
for (const runtime of Object.values(runtimes)) await runtime.close();
rmSync(directory, { recursive: true });
