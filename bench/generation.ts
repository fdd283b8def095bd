import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { HALF_BILLION, randomModelFolder } from '@skein/engine/node';
import { memoryBandwidth } from './memory-bandwidth.ts';
import { type GgufWeights, writeRandomGguf } from './peers/random-gguf.ts';
import { startStepServer } from './step-server.ts';

/**
 * Generation beside llama.cpp, at Qwen2.5-0.5B's shape with random weights: a prompt, then tokens one by one. All
 * programs are alive and take turns. llama.cpp comes with node-llama-cpp, which is no dependency of the project:
 *   mkdir llama && cd llama && npm init -y && npm install --omit=optional node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1
 *   node bench/generation.ts --llama llama
 */
const { values } = parseArgs({
  options: {
    llama: { type: 'string' },
    folder: { type: 'string', default: join(tmpdir(), 'skein-bench') },
    prompt: { type: 'string', default: '128' },
    tokens: { type: 'string', default: '24' },
    rounds: { type: 'string', default: '12' },
    threads: { type: 'string', default: '2' },
    weights: { type: 'string', multiple: true, default: ['int8', 'int4'] },
    out: { type: 'string' },
  },
});

interface Measurement {
  readonly promptSeconds: number;
  readonly tokenSeconds: readonly number[];
  readonly anonymousBytes: number;
  readonly peakBytes: number;
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

mkdirSync(values.folder, { recursive: true });
const here = import.meta.dirname;
const model = await randomModelFolder(values.folder, { shape: HALF_BILLION, outliers: false });
const words = ['--threads', values.threads, '--prompt', values.prompt, '--tokens', values.tokens];

function llamaServer(llama: string, kind: GgufWeights) {
  const file = join(values.folder, `random-${kind}.gguf`);
  writeRandomGguf(file, HALF_BILLION, kind);
  const module = pathToFileURL(join(resolve(llama), 'node_modules/node-llama-cpp/dist/index.js')).href;
  const program = pathToFileURL(join(here, 'peers/llama-server.ts')).href;
  // node-llama-cpp tries its library in a process of its own, which must not get this one's --eval.
  const start = `process.execArgv.length = 0; globalThis.nodeLlamaCpp = await import('${module}'); await import('${program}');`;
  const line = [process.execPath, '--input-type=module', '--eval', start, '--', '--model', file, ...words] as const;
  return startStepServer<Measurement>(`llama.cpp ${kind}`, line);
}

const { llama } = values;
const servers = [
  ...values.weights.map((weights) => {
    const line = [
      process.execPath,
      join(here, 'generation-server.ts'),
      '--model',
      model,
      '--weights',
      weights,
    ] as const;
    return startStepServer<Measurement>(`skein ${weights}`, [...line, ...words]);
  }),
  ...(llama === undefined ? [] : [llamaServer(llama, 'Q8_0'), llamaServer(llama, 'Q4_0')]),
];

const measured = new Map<string, Measurement[]>(servers.map(({ name }) => [name, []]));
// The first turn opens files and makes sessions; it does not count.
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const server of servers) {
    // Threads of another process may spin for a while before they sleep.
    await setTimeout(300);
    const measurement = await server.step();
    if (round > 0) measured.get(server.name)?.push(measurement);
    const speeds = [Number(values.prompt) / measurement.promptSeconds, 1 / median(measurement.tokenSeconds)];
    console.error(`${round} ${server.name}: ${speeds.map((speed) => speed.toFixed(1)).join(' and ')} tokens/s`);
  }
}
for (const server of servers) server.stop();

/** Medians over all turns, and the turn of each that others' work disturbed least. */
const summary = [...measured].map(([name, turns]) => ({
  name,
  promptTokensPerSecond: Number(values.prompt) / median(turns.map(({ promptSeconds }) => promptSeconds)),
  tokensPerSecond: 1 / median(turns.flatMap(({ tokenSeconds }) => tokenSeconds)),
  bestTurn: {
    promptTokensPerSecond: Number(values.prompt) / Math.min(...turns.map(({ promptSeconds }) => promptSeconds)),
    tokensPerSecond: 1 / Math.min(...turns.map(({ tokenSeconds }) => median(tokenSeconds))),
  },
  peakRssBytes: Math.max(...turns.map(({ peakBytes }) => peakBytes)),
}));

function ratios() {
  const of = (name: string) => summary.find((one) => one.name === name);
  const [int8, int4, q8, q4] = ['skein int8', 'skein int4', 'llama.cpp Q8_0', 'llama.cpp Q4_0'].map(of);
  if (!int8 || !int4 || !q8 || !q4) return null;
  const between = (figures: (one: (typeof summary)[number]) => (typeof summary)[number]['bestTurn']) => ({
    decode8: figures(int8).tokensPerSecond / figures(q8).tokensPerSecond,
    decode4: figures(int4).tokensPerSecond / figures(q4).tokensPerSecond,
    prompt8: figures(int8).promptTokensPerSecond / figures(q8).promptTokensPerSecond,
    prompt4: figures(int4).promptTokensPerSecond / figures(q4).promptTokensPerSecond,
  });
  return { ofMedians: between((one) => one), ofBestTurns: between(({ bestTurn }) => bestTurn) };
}

function versionIn(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

const result = {
  shape: HALF_BILLION,
  prompt: Number(values.prompt),
  tokens: Number(values.tokens),
  rounds: Number(values.rounds),
  threads: Number(values.threads),
  summary,
  ratios: ratios(),
  readBytesPerSecond: await memoryBandwidth(Number(values.threads)),
  load: loadavg(),
  versions: {
    node: process.version,
    onnxruntime: versionIn(join(here, '../node_modules/onnxruntime-node')),
    ...(llama !== undefined && { nodeLlamaCpp: versionIn(join(llama, 'node_modules/node-llama-cpp')) }),
  },
};
const text = `${JSON.stringify(result, null, 2)}\n`;
if (values.out !== undefined) writeFileSync(values.out, text);
console.log(text);
