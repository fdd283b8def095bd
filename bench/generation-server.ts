import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createLanguageModel, generate } from '@skein/engine';
import { createWorkerRuntime, openGenerationWeights, openModelFolder, WEIGHT_BITS } from '@skein/engine/node';
import { processMemory } from './process-memory.ts';

// Generation in Skein: for each line read, a prompt and tokens behind it, and a line of their times.
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    weights: { type: 'string', default: 'int8' },
    threads: { type: 'string', default: '2' },
    prompt: { type: 'string', default: '128' },
    tokens: { type: 'string', default: '64' },
  },
});
const [threads, length, count] = [Number(values.threads), Number(values.prompt), Number(values.tokens)];
const bits = WEIGHT_BITS.find((known) => known === values.weights);
if (!bits) throw new TypeError(`--weights ${values.weights} is none of ${WEIGHT_BITS}`);

const runtime = createWorkerRuntime('cpu');
const folder = await openModelFolder(values.model);
const stacks = await openGenerationWeights(runtime, folder, bits, { threads });
const spec = { config: folder.config, weights: folder.weights, trainable: new Map(), adapter: [] };
const model = createLanguageModel(runtime, { spec, parameters: [], threads, ...(stacks && { stacks }) });

let prompts = 0;
for await (const _ of createInterface({ input: process.stdin })) {
  const first = prompts++;
  const prompt = Array.from({ length }, (__, i) => (i * 7919 + 13 + first) % folder.config.vocabularySize);
  const times = [performance.now()];
  const onToken = () => void times.push(performance.now());
  await generate(model, [prompt], { maxNewTokens: count, stopIds: new Set(), onToken });
  const [promptSeconds = Number.NaN, ...tokenSeconds] = times
    .slice(1)
    .map((end, i) => (end - (times[i] ?? Number.NaN)) / 1000);
  console.log(JSON.stringify({ promptSeconds, tokenSeconds, ...processMemory() }));
}
await runtime.close();
