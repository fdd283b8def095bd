import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { processMemory } from '../process-memory.ts';

// llama.cpp through node-llama-cpp: for each line read, a prompt and tokens behind it, and a line of their times. The
// module is put in place by generation.ts, which alone knows where it is installed.
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    threads: { type: 'string', default: '2' },
    prompt: { type: 'string', default: '128' },
    tokens: { type: 'string', default: '64' },
  },
});

/** As far as it is used of node-llama-cpp 3, which is no dependency of this project. */
interface LlamaSequence {
  clearHistory(): Promise<void>;
  evaluate(tokens: number[], options: { temperature: number; yieldEogToken: boolean }): AsyncIterable<number>;
}
interface LlamaModule {
  getLlama(options: object): Promise<{
    loadModel(options: object): Promise<{
      createContext(options: object): Promise<{ getSequence(): LlamaSequence }>;
    }>;
  }>;
}

const [threads, length, count] = [Number(values.threads), Number(values.prompt), Number(values.tokens)];
const { getLlama } = (globalThis as unknown as { nodeLlamaCpp: LlamaModule }).nodeLlamaCpp;
const llama = await getLlama({
  gpu: false,
  build: 'never',
  maxThreads: threads,
  logLevel: 'error',
  progressLogs: false,
});
const model = await llama.loadModel({ modelPath: values.model, gpuLayers: 0 });
const context = await model.createContext({ contextSize: length + count + 8, batchSize: 512, threads });
const sequence = context.getSequence();

let prompts = 0;
for await (const _ of createInterface({ input: process.stdin })) {
  await sequence.clearHistory();
  const first = prompts++;
  const prompt = Array.from({ length }, (_zero, i) => ((i * 7919 + 13 + first) % 100_000) + 1000);
  const times = [performance.now()];
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    if (token >= 0) times.push(performance.now());
    if (times.length > count) break;
  }
  const [promptSeconds = Number.NaN, ...tokenSeconds] = times
    .slice(1)
    .map((end, i) => (end - (times[i] ?? Number.NaN)) / 1000);
  console.log(JSON.stringify({ promptSeconds, tokenSeconds, ...processMemory() }));
}
process.exit();
