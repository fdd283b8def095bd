import { createWasmRuntime } from '../wasm/index.ts';
import { timeSteps } from './time-steps.ts';
import { trainFromText } from './train-from-text.ts';

/** Of a page, beside what Node has too. */
declare const location: { readonly search: string };
declare const crossOriginIsolated: boolean;

/** What the page in Chromium does: `?threads=N&steps=N`. Its results go to the server that it came from. */
const asked = new URLSearchParams(location.search);
const [threads, steps] = ['threads', 'steps'].map((name) => Number(asked.get(name))) as [number, number];

async function results(): Promise<object> {
  try {
    const runtime = createWasmRuntime({ threads });
    return {
      isolated: crossOriginIsolated,
      trained: await trainFromText(runtime),
      timed: await timeSteps(runtime, steps),
    };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

await fetch('/results', { method: 'POST', body: JSON.stringify(await results()) });
