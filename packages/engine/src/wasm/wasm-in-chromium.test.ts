import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { reasonToSkipChromium, runInChromium } from '../node/testing/chromium-page.ts';
import { timeSteps } from '../testing/time-steps.ts';
import { trainFromText } from '../testing/train-from-text.ts';
import { createWasmRuntime } from './wasm-runtime.ts';

const runtime = createWasmRuntime({ threads: 2 });
afterAll(() => runtime.close());
const skipped = reasonToSkipChromium === null ? '' : `, skipped: ${reasonToSkipChromium}`;

describe.skipIf(reasonToSkipChromium !== null)(`training on WASM in Chromium${skipped}`, () => {
  test('with two threads gives what it gives in Node', async () => {
    const page = join(import.meta.dirname, '../testing/wasm-page.ts');
    const found = (await runInChromium(page, { threads: 2, steps: 0 })) as Results;
    expect(found.error).toBeUndefined();
    expect(found.isolated).toBe(true);
    const here = await trainFromText(runtime);
    expect(found.trained.tokens).toBe(here.tokens);
    for (const [i, loss] of found.trained.losses.entries()) expect(loss).toBeCloseTo(here.losses[i]!, 5);
    expect(found.timed.loss).toBeCloseTo((await timeSteps(runtime, 0)).loss, 5);
  });
});

interface Results {
  readonly error?: string;
  readonly isolated: boolean;
  readonly trained: Awaited<ReturnType<typeof trainFromText>>;
  readonly timed: Awaited<ReturnType<typeof timeSteps>>;
}
