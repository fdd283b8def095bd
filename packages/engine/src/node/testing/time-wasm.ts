/** Training steps on WASM in Chromium beside the same in Node: `node packages/engine/src/node/testing/time-wasm.ts [THREADS] [STEPS]`. */
import { join } from 'node:path';
import { timeSteps } from '../../testing/time-steps.ts';
import { createWasmRuntime } from '../../wasm/index.ts';
import { createWorkerRuntime } from '../worker-runtime.ts';
import { reasonToSkipChromium, runInChromium } from './chromium-page.ts';

const [threads = 2, steps = 10] = process.argv.slice(2).map(Number);
const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const wasm = createWasmRuntime({ threads });
const native = createWorkerRuntime('cpu');
for (let turn = 0; turn < 3; turn++) {
  if (reasonToSkipChromium === null) {
    const page = join(import.meta.dirname, '../../testing/wasm-page.ts');
    const { timed } = (await runInChromium(page, { threads, steps })) as {
      timed: Awaited<ReturnType<typeof timeSteps>>;
    };
    console.log('WASM in Chromium', { threads, medianSeconds: median(timed.stepSeconds), loss: timed.loss });
  } else console.log(reasonToSkipChromium);
  for (const [name, runtime] of Object.entries({ 'WASM in Node': wasm, native })) {
    const { stepSeconds, loss } = await timeSteps(runtime, steps);
    console.log(name, { threads, medianSeconds: median(stepSeconds), loss });
  }
}
await native.close();
await wasm.close();
