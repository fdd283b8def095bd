import { afterAll, expect, test } from 'vitest';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { mergeLora } from '../lora/merge.ts';
import { adapterInputNames, type AdapterModule } from '../models/causal-lm.ts';
import { createLanguageModel } from '../models/language-model.ts';
import {
  frozenWeights,
  scrambled,
  type TinyFamily,
  tinyAdapter,
  tinyConfig,
  tinyFamilies,
  tinyWeights,
} from '../models/testing/tiny-model.ts';
import { HEAD_PATH, moduleDims } from '../models/weight-names.ts';
import { createWorkerRuntime } from '../node/worker-runtime.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import { CachedDecoder } from './cached-decoder.ts';
import { generate } from './generate.ts';

const runtime = createWorkerRuntime('cpu');
afterAll(() => runtime.close());

/** Of logits, relative L2: sums are rounded in another order. */
const NEAR = 1e-5;
const STOPS = new Set<number>();

/** Wide enough heads for attention in place; more tokens than the cache has room for at first. */
const changes = { head_dim: 16, vocab_size: 61, max_position_embeddings: 1024 };

interface Counters {
  sessions: number;
  tokens: number;
}

/** The same runtime, counting what it is asked. */
function counted(counters: Counters): Runtime {
  return {
    ...runtime,
    async createSession(graph, options) {
      counters.sessions++;
      const session = await runtime.createSession(graph, options);
      return {
        ...session,
        run(feeds, runOptions) {
          counters.tokens += feeds.ids?.data.length ?? 0;
          return session.run(feeds, runOptions);
        },
      };
    },
  };
}

interface Adapted {
  readonly modules: readonly AdapterModule[];
  readonly parameters: readonly Parameter[];
}

function open(
  family: TinyFamily,
  { adapter, on = runtime, weights }: { adapter?: Adapted; on?: Runtime; weights?: Parameter[] } = {},
) {
  const config = tinyConfig(family, changes);
  const spec = {
    config,
    weights: frozenWeights(weights ?? tinyWeights(config)),
    trainable: new Map(),
    adapter: adapter?.modules ?? [],
  };
  const model = createLanguageModel(on, { spec, parameters: adapter?.parameters ?? [], threads: 1 });
  const { decoder } = model;
  if (!(decoder instanceof CachedDecoder)) throw new TypeError('the runtime has no cache in place');
  return { config, model, decoder };
}

function adapterOf(family: TinyFamily, seed: number, only = (path: string) => path !== ''): Adapted {
  const config = tinyConfig(family, changes);
  const modules = tinyAdapter(config).filter(({ path }) => only(path));
  return { modules, parameters: scrambled(createAdapterParameters(modules, config, 4), seed) };
}

const prompt = (length: number, seed = 1) => Array.from({ length }, (_, i) => (i * 17 + seed * 5 + (i % 3)) % 61);

test.each(tinyFamilies)('%s: logits token by token equal those of one pass', async (family) => {
  const { model, decoder, config } = open(family);
  const tokens = prompt(40);
  const inputs = {
    batch: 1,
    length: 40,
    inputIds: Int32Array.from(tokens),
    positions: Int32Array.from(tokens.keys()),
    segments: new Int32Array(40).fill(1),
  };
  const whole = await model.logits(inputs);
  const at = (i: number) => whole.subarray(i * config.vocabularySize, (i + 1) * config.vocabularySize);
  let [logits] = await decoder.start([tokens.slice(0, 9)]);
  expect(relativeDistance(logits!, at(8))).toBeLessThan(NEAR);
  for (let i = 9; i < 40; i++) {
    [logits] = await decoder.next([{ row: 0, token: tokens[i]! }]);
    expect(relativeDistance(logits!, at(i))).toBeLessThan(NEAR);
  }
  const targets = inputs.inputIds.map((_, i) => tokens[i + 1] ?? -1);
  const batch = { ...inputs, targets, targetCount: 39 };
  expect(await decoder.lossSum(batch)).toBeCloseTo((await model.loss(batch)).lossSum, 3);
  await model.release();
});

test('prompts of different lengths together give what each gives alone, while rows end one by one', async () => {
  const { model, decoder } = open('qwen3');
  const prompts = [prompt(3), prompt(300, 2), prompt(1, 3), prompt(11, 4)];
  const alone: Float32Array[][] = [];
  const goOn = (row: number, step: number) => (row * 7 + step * 3) % 61;
  const steps = [5, 1, 3, 8];
  for (const [row, one] of prompts.entries()) {
    const seen = [(await decoder.start([one]))[0]!.slice()];
    for (let step = 0; step < steps[row]!; step++) {
      seen.push((await decoder.next([{ row: 0, token: goOn(row, step) }]))[0]!.slice());
    }
    alone.push(seen);
  }
  const first = await decoder.start(prompts);
  for (const row of prompts.keys()) expect(relativeDistance(first[row]!, alone[row]![0]!)).toBeLessThan(NEAR);
  for (let step = 0; step < 8; step++) {
    const rows = [...prompts.keys()].filter((row) => step < steps[row]!);
    const logits = await decoder.next(rows.map((row) => ({ row, token: goOn(row, step) })));
    for (const [i, row] of rows.entries()) {
      expect(relativeDistance(logits[i]!, alone[row]![step + 1]!), `row ${row}, step ${step}`).toBeLessThan(NEAR);
    }
  }
  await model.release();
});

test('what was read before is not read again, and gives the same', async () => {
  const counters = { sessions: 0, tokens: 0 };
  const { model, decoder } = open('qwen2', { on: counted(counters) });
  const system = prompt(30);
  const turn = [...system, 7, 8, 9];
  const [answer = []] = await generate(model, [turn], { maxNewTokens: 6, stopIds: STOPS });
  counters.tokens = 0;
  const second = [...turn, ...answer, 3, 1];
  const [logits] = await decoder.start([second]);
  // The answer's last token was never read, then come two new ones.
  expect(counters.tokens).toBe(3);
  const reused = logits!.slice();
  // Another prompt behind the same beginning, in another row.
  counters.tokens = 0;
  const others = [
    [...system, 50],
    [...system, 51, 52],
  ];
  const both = (await decoder.start(others)).map((values) => values.slice());
  expect(counters.tokens).toBe(3);
  const fresh = open('qwen2');
  expect(relativeDistance(reused, (await fresh.decoder.start([second]))[0]!)).toBeLessThan(NEAR);
  for (const [row, one] of others.entries()) {
    const alone = open('qwen2');
    expect(relativeDistance(both[row]!, (await alone.decoder.start([one]))[0]!)).toBeLessThan(NEAR);
    await alone.model.release();
  }
  await fresh.model.release();
  await model.release();
});

test.each(tinyFamilies)(
  '%s: an adapter is swapped without a new session, and is worth its merged weights',
  async (family) => {
    const counters = { sessions: 0, tokens: 0 };
    const attention = adapterOf(family, 3, (path) => /[qv]_proj/.test(path));
    const everywhere = adapterOf(family, 2, (path) => !(family === 'qwen2' && path === HEAD_PATH));
    const { model, decoder, config } = open(family, { adapter: everywhere, on: counted(counters) });
    const tokens = prompt(20);
    const first = (await decoder.start([tokens]))[0]!.slice();
    decoder.useAdapter(attention);
    const second = (await decoder.start([tokens]))[0]!.slice();
    decoder.useAdapter(null);
    const none = (await decoder.start([tokens]))[0]!.slice();
    expect(counters.sessions).toBe(1);
    const merged = async (adapter: Adapted) => {
      const arrays = new Map(adapter.parameters.map(({ name, data }) => [name, data]));
      const weights = tinyWeights(config).map((weight) => {
        const module = adapter.modules.find(({ path }) => `${path}.weight` === weight.name);
        if (!module) return weight;
        const [out, into] = moduleDims(config, module.path);
        const names = adapterInputNames(module.path);
        const pair = { a: arrays.get(names.a)!, b: arrays.get(names.b)!, scale: module.scale };
        return { ...weight, data: mergeLora(weight.data, pair, { out, into }) };
      });
      const own = open(family, { weights });
      const logits = (await own.decoder.start([tokens]))[0]!.slice();
      await own.model.release();
      return logits;
    };
    expect(relativeDistance(first, await merged(everywhere))).toBeLessThan(NEAR);
    expect(relativeDistance(second, await merged(attention))).toBeLessThan(NEAR);
    expect(relativeDistance(none, await merged({ modules: [], parameters: [] }))).toBeLessThan(NEAR);
    expect(relativeDistance(second, none)).toBeGreaterThan(0.01);
    await model.release();
  },
);

test('an adapter whose numbers change is read anew', async () => {
  const adapter = adapterOf('llama', 2);
  const { model, decoder } = open('llama', { adapter });
  const tokens = prompt(12);
  const before = (await decoder.start([tokens]))[0]!.slice();
  for (const { data } of adapter.parameters) data.fill(0);
  await model.parametersChanged();
  const after = (await decoder.start([tokens]))[0]!;
  const base = open('llama');
  expect(relativeDistance(after, (await base.decoder.start([tokens]))[0]!)).toBeLessThan(NEAR);
  expect(relativeDistance(after, before)).toBeGreaterThan(0.01);
  await base.model.release();
  await model.release();
});
