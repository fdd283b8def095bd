import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { arbitraryBatch, type TrainingMode, trainOnBatch } from '@skein/engine/node';
import { openLoraModel } from './lora-model.ts';
import { processMemory } from './process-memory.ts';

/**
 * Takes one whole training step of the real trainer for each line on stdin and answers with a line of JSON: seconds,
 * loss, the most memory so far. Its counterpart on PEFT is peers/training_step_server.py.
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    length: { type: 'string', default: '512' },
    threads: { type: 'string', default: '2' },
    mode: { type: 'string', default: 'fp32' },
    recompute: { type: 'boolean', default: false },
  },
});

const length = Number(values.length);
const { model, close } = await openLoraModel(values.model, Number(values.threads), {
  mode: values.mode as TrainingMode,
  recompute: values.recompute,
});
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// The ids of its counterpart.
const row = arbitraryBatch({ length, vocabulary: Math.min(151_000, model.spec.config.vocabularySize) });
let anonymousBytes = 0;
setInterval(() => {
  anonymousBytes = Math.max(anonymousBytes, processMemory().anonymousBytes);
}, 20).unref();

const stop = new AbortController();
let startedMs = 0;
/** Waits for the next line; the step that follows is timed from there. */
async function waitForLine(): Promise<void> {
  const { done } = await lines.next();
  if (done) stop.abort();
  startedMs = performance.now();
}

await waitForLine();
await trainOnBatch(model, row, {
  async onEvent(event) {
    if (event.type !== 'step') return;
    const seconds = (performance.now() - startedMs) / 1000;
    console.log(JSON.stringify({ seconds, loss: event.loss, peakBytes: processMemory().peakBytes, anonymousBytes }));
    await waitForLine();
  },
  signal: stop.signal,
});
await close();
