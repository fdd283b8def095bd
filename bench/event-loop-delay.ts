import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ELDHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { LINEARS, type TrainEvent } from '@skein/engine';
import {
  arbitraryBatch,
  createWorkerRuntime,
  MEASURED_COURSE,
  prepareFineTune,
  type TrainingMode,
  trainOnBatch,
} from '@skein/engine/node';
import { openLoraModel } from './lora-model.ts';
import { randomModel } from './random-model.ts';

/**
 * How long the main thread is away from its event loop while it trains: at Qwen2.5-0.5B's shape (sessions opened in the
 * first step included), and the shipped model from files to files, with metrics, evaluations and checkpoints.
 * Writes bench/results/event-loop-delay.json. `node bench/event-loop-delay.ts [--steps 10] [--rank 16]`
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    mode: { type: 'string', default: 'int8' },
    rank: { type: 'string', default: '16' },
    steps: { type: 'string', default: '10' },
    'small-steps': { type: 'string', default: '400' },
  },
});

const RESOLUTION_MS = 10;
/** Delays in milliseconds, of the whole run and of all but its first step. */
async function measured(run: (onEvent: (event: TrainEvent) => void) => Promise<unknown>) {
  const [whole, later] = [monitor(), monitor()];
  whole.enable();
  const startedMs = performance.now();
  await run((event) => {
    if (event.type === 'step' && event.step === 1) later.enable();
  });
  whole.disable();
  later.disable();
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, whole: summary(whole), afterFirstStep: summary(later) };
}

function monitor(): ELDHistogram {
  return monitorEventLoopDelay({ resolution: RESOLUTION_MS });
}

/** The timer's own interval is not a delay. */
function summary(histogram: ELDHistogram) {
  const ms = (ns: number) => Math.max(0, Number((ns / 1e6 - RESOLUTION_MS).toFixed(1)));
  const at = (percentile: number) => ms(histogram.percentile(percentile));
  return { samples: histogram.count, p50: at(50), p99: at(99), p999: at(99.9), max: ms(histogram.max) };
}

async function largeModel() {
  const path = values.model ?? (await randomModel());
  const how = { mode: values.mode as TrainingMode, rank: Number(values.rank) };
  const { model, close } = await openLoraModel(path, 2, how);
  const row = arbitraryBatch({ length: 512, vocabulary: model.spec.config.vocabularySize });
  const result = await measured((onEvent) => trainOnBatch(model, row, { steps: Number(values.steps), onEvent }));
  await close();
  return { ...how, ...result };
}

async function shippedModel() {
  const root = join(import.meta.dirname, '..');
  const out = mkdtempSync(join(tmpdir(), 'skein-bench-'));
  const runtime = createWorkerRuntime('cpu');
  const adapter = { rank: 16, alpha: 32, dropout: 0.05, rankStabilized: false, targets: Object.keys(LINEARS) };
  const prepared = await prepareFineTune(runtime, {
    model: join(root, 'models/skein-small'),
    data: ['hill', 'lake', 'north'].map((member) => join(root, 'samples/clinics', member, 'train.jsonl')),
    validation: { fraction: 0.1 },
    out: join(out, 'run'),
    resume: false,
    method: {
      kind: 'lora',
      adapter: { ...adapter, rankPattern: {}, alphaPattern: {}, layers: undefined, baseModel: undefined },
    },
    rows: { batch: 8, maxLength: 256, packing: 'rows', overlong: 'error' },
    train: { ...MEASURED_COURSE, epochs: 1000, maxSteps: Number(values['small-steps']), evaluateEvery: 50 },
    checkpointEvery: 50,
    threads: 2,
    mode: 'fp32',
  });
  const result = await measured((onEvent) => prepared.run({ onEvent }));
  await runtime.close();
  rmSync(out, { recursive: true });
  return result;
}

const result = {
  measuredAt: new Date().toISOString(),
  node: process.version,
  unit: 'ms',
  large: await largeModel(),
  shipped: await shippedModel(),
  load: loadavg()[0],
};
mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
writeFileSync(join(import.meta.dirname, 'results/event-loop-delay.json'), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));
