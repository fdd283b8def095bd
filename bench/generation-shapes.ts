import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type AdapterConfig, adapterModules, createAdapterParameters, createLanguageModel } from '@skein/engine';
import { createWorkerRuntime, openGenerationWeights, openModelFolder, WEIGHT_BITS } from '@skein/engine/node';

/**
 * Cost of generation against rows, length and adapters: `node bench/generation-shapes.ts --model DIR --weights int8`.
 * Each figure is a median; one JSON object.
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    weights: { type: 'string', default: 'int8' },
    threads: { type: 'string', default: '2' },
    lengths: { type: 'string', default: '128,512,2048,4096' },
    rows: { type: 'string', default: '1,4,16' },
  },
});
const STEPS = 12;
const threads = Number(values.threads);
const bits = WEIGHT_BITS.find((known) => known === values.weights);
if (!bits) throw new TypeError(`--weights ${values.weights} is none of ${WEIGHT_BITS.join()}`);

const runtime = createWorkerRuntime('cpu');
const folder = await openModelFolder(values.model);
const { config } = folder;
const stacks = await openGenerationWeights(runtime, folder, bits, { threads });
const spec = { config, weights: folder.weights, trainable: new Map(), adapter: [] };
const { decoder } = createLanguageModel(runtime, { spec, parameters: [], threads, ...(stacks && { stacks }) });

let prompts = 0;
const promptOf = (length: number) => {
  const first = prompts++;
  return Array.from({ length }, (_, i) => (i * 7919 + 13 + first) % config.vocabularySize);
};
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const secondsOf = async (work: () => Promise<unknown>) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** Seconds of the prompts and the median of a step, of rows that all go on. */
async function measure(rows: number, length: number) {
  const started = Array.from({ length: rows }, () => promptOf(length));
  const promptSeconds = await secondsOf(() => decoder.start(started));
  const tokens = started.map((_, row) => ({ row, token: row + 1 }));
  const steps: number[] = [];
  for (let step = 0; step < STEPS; step++) steps.push(await secondsOf(() => decoder.next(tokens)));
  return { promptTokensPerSecond: (rows * length) / promptSeconds, tokensPerSecond: rows / median(steps) };
}

const numbersOf = (list: string) => list.split(',').map(Number);
await measure(1, 16);
const byRows: Record<number, object> = {};
for (const rows of numbersOf(values.rows)) byRows[rows] = await measure(rows, 64);
const byLength: Record<number, object> = {};
for (const length of numbersOf(values.lengths)) byLength[length] = await measure(1, length);

const beginning = promptOf(512);
const firstTurnSeconds = await secondsOf(() => decoder.start([[...beginning, 1, 2, 3]]));
const secondTurnSeconds = await secondsOf(() => decoder.start([[...beginning, 1, 2, 3, ...promptOf(16)]]));

const every: AdapterConfig = {
  rank: 16,
  alpha: 32,
  dropout: 0,
  rankStabilized: false,
  targets: 'all-linear',
  rankPattern: {},
  alphaPattern: {},
  layers: undefined,
  baseModel: undefined,
};
const modules = adapterModules(every, config);
const adapters = [1, 2].map((seed) => ({ modules, parameters: createAdapterParameters(modules, config, seed) }));
const use = async (index: number) => {
  decoder.useAdapter(adapters[index] ?? null);
  await decoder.start([[1]]);
};
const firstAdapterSeconds = await secondsOf(() => use(0));
const swapSeconds = await secondsOf(() => use(1));
const adapted = await measure(1, 128);

const turns = { firstTurnSeconds, secondTurnSeconds };
const adapterFigures = { ...adapted, firstAdapterSeconds, swapSeconds, rank: every.rank };
console.log(
  JSON.stringify({ weights: bits, threads, byRows, byLength, turns, adapter: adapterFigures, load: loadavg() }),
);
await runtime.close();
