import { adamWDefaults, LINEARS, type TrainConfig } from '@skein/engine';
import {
  createWorkerRuntime,
  type FineTuneOptions,
  type ModeChoice,
  prepareFineTune,
  preparePythonFineTune,
  type PreparedRun,
} from '@skein/engine/node';
import { type CommandContext, defineCommand, type Outcome, type Values } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { parsePattern } from '../parse-pattern.ts';
import { threadsOf } from '../shared-options.ts';
import { describePlan, describeSize, planRun, sizeRun } from '../plan-run.ts';
import { describeMemory } from '../describe-memory.ts';
import { showTraining } from '../show-training.ts';
import { UsageError } from '../usage-error.ts';
import { TRAIN_OPTIONS } from './train-options.ts';

type TrainValues = Values<typeof TRAIN_OPTIONS>;

export const trainModel = defineCommand({
  name: 'train',
  summary: 'fine-tune a model on data files',
  description: [
    'Trains a LoRA adapter, or with --full every weight, on the answers in the data. Before it starts, it measures a ' +
      'step and estimates memory and time.',
    'The output folder holds adapter/ (or model/), metrics.jsonl and checkpoints. Ctrl-C saves a checkpoint; after ' +
      'that, or after a kill or a power cut, the same command with --resume goes on and ends with the same bytes as ' +
      'if nothing had happened.',
  ],
  options: TRAIN_OPTIONS,
  examples: [
    {
      line: 'skein train --model qwen --data chats.jsonl --out runs/first',
      does: 'trains a LoRA adapter on all linear layers, three times over the data',
    },
    {
      line: 'skein train --model qwen --data a.jsonl b.csv --validation test.jsonl --patience 3 --evaluate-every 50 --out runs/two',
      does: 'stops when the loss on test.jsonl no longer falls, and keeps the best adapter',
    },
    { line: 'skein train --model qwen --data a.jsonl --out runs/x --dry-run', does: 'only estimates memory and time' },
    {
      line: 'skein train --model qwen --data a.jsonl --out runs/y --trainer python --device cuda --precision bf16',
      does: 'trains with transformers and PEFT on an NVIDIA card',
    },
  ],
  run: runTraining,
});

async function runTraining(values: TrainValues, context: CommandContext): Promise<Outcome> {
  assertConsistent(values);
  const options = fineTuneOptions(values);
  return values.trainer === 'python' ? trainInPython(values, options, context) : trainHere(values, options, context);
}

async function trainHere(values: TrainValues, options: FineTuneOptions, context: CommandContext): Promise<Outcome> {
  const { terminal, signal } = context;
  const runtime = createWorkerRuntime(values.device === 'webgpu' ? 'webgpu' : 'cpu');
  try {
    const prepared = await prepareFineTune(runtime, options);
    if (values.mode !== 'fp32') terminal.say(describeChoice(prepared.choice));
    terminal.say(describeMemory(prepared.memory));
    const plan = await planRun(prepared, options, { say: (line) => terminal.say(line), signal });
    const told = { plan, choice: prepared.choice, memory: prepared.memory };
    if (values['dry-run']) return { json: told, text: describePlan(plan) };
    return await finish(prepared, told, context);
  } finally {
    await runtime.close();
  }
}

async function trainInPython(values: TrainValues, options: FineTuneOptions, context: CommandContext): Promise<Outcome> {
  const { python = 'python3', precision = 'fp32' } = values;
  const device = values.device === 'cuda' ? 'cuda' : 'cpu';
  const prepared = await preparePythonFineTune(options, { python, device, precision });
  const plan = sizeRun(prepared, options);
  if (values['dry-run']) return { json: { plan }, text: describeSize(plan) };
  context.terminal.say(describeSize(plan));
  return finish(prepared, { plan }, context);
}

/** Trains, and tells `told` with the result. */
async function finish(prepared: PreparedRun, told: object, { terminal, json, signal }: CommandContext) {
  const result = await showTraining(prepared, { terminal, signal });
  if (result.status === 'interrupted') {
    terminal.say(`Interrupted at step ${result.step} of ${result.totalSteps}; the checkpoint is saved.`);
    terminal.say('hint: Run the same command with --resume to go on.');
    return { json: { ...told, ...result }, exitCode: EXIT_CODES.interrupted.code };
  }
  const text = json ? undefined : `Wrote ${result.output}.`;
  return { json: { ...told, ...result }, ...(text !== undefined && { text }) };
}

function describeChoice({ mode, floats, gradientCosine, reason }: ModeChoice): string {
  const kept = floats.length > 0 ? `, ${floats.join(', ')} in float32` : '';
  const cosine = gradientCosine === null ? '' : `, gradient cosine ${gradientCosine.toFixed(5)}`;
  return `mode: ${mode}${kept} (${reason}${cosine})`;
}

/** What the table of options can't say: which of them belong together. */
function assertConsistent(values: TrainValues): void {
  const refuse = (message: string) => {
    throw new UsageError('cli/options-conflict', message, { hints: ['See "skein train --help".'] });
  };
  const given = (names: readonly (keyof TrainValues)[]) =>
    names.find((name) => {
      const value = values[name];
      return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    });
  if (values.mode === 'int8' && values.device !== 'cpu') refuse('--mode int8 needs --device cpu.');
  if (values.trainer === 'python') {
    if (values.device === 'webgpu') refuse('--trainer python computes with --device cpu or cuda.');
    if (values.memory === 'low') refuse('--memory low is for this engine.');
    if (values.mode !== 'fp32') refuse(`--mode ${values.mode} is for this engine; --trainer python has --precision.`);
  } else {
    if (values.device === 'cuda') refuse('--device cuda needs --trainer python.');
    const foreign = given(['python', 'precision']);
    if (foreign) refuse(`--${foreign} needs --trainer python.`);
  }
  const lora = given(['rank', 'alpha', 'dropout', 'rslora', 'targets', 'rank-pattern', 'alpha-pattern']);
  if (values.full && values.adapter !== undefined) refuse('--full and --adapter exclude each other.');
  if (values.full && lora) refuse(`--${lora} is for adapters, but --full trains every weight.`);
  if (values.adapter !== undefined && lora) refuse(`--${lora} is set by the adapter that --adapter names.`);
  const share = values['validation-share'];
  if (values.validation.length > 0 && share !== undefined) {
    refuse('--validation and --validation-share exclude each other.');
  }
  if (values.patience !== undefined) {
    if (values['evaluate-every'] === undefined) refuse('--patience needs --evaluate-every.');
    if (values.validation.length === 0 && share === undefined) {
      refuse('--patience needs --validation or --validation-share.');
    }
  } else if (values['min-gain'] !== undefined) refuse('--min-gain needs --patience.');
}

function fineTuneOptions(values: TrainValues): FineTuneOptions {
  const { 'validation-share': share, validation, format } = values;
  return {
    model: values.model,
    data: values.data,
    ...(format && { format }),
    validation: share === undefined ? { files: validation } : { fraction: share },
    out: values.out,
    resume: values.resume,
    method: methodOf(values),
    rows: {
      batch: values.batch,
      maxLength: values.length,
      packing: values.packing,
      overlong: values.overlong,
    },
    train: trainConfig(values),
    checkpointEvery: values['checkpoint-every'],
    threads: threadsOf(values),
    mode: values.device === 'cpu' || values.mode === 'int4' ? values.mode : 'fp32',
    memory: values.memory,
  };
}

function methodOf({ full, adapter, ...lora }: TrainValues): FineTuneOptions['method'] {
  if (full) return { kind: 'full' };
  if (adapter !== undefined) return { kind: 'continue', adapterFolder: adapter };
  const rank = lora.rank ?? 16;
  return {
    kind: 'lora',
    adapter: {
      rank,
      alpha: lora.alpha ?? 2 * rank,
      dropout: lora.dropout ?? 0,
      rankStabilized: lora.rslora,
      targets: lora.targets.length > 0 ? lora.targets : Object.keys(LINEARS),
      rankPattern: parsePattern('rank-pattern', lora['rank-pattern'], 'integer'),
      alphaPattern: parsePattern('alpha-pattern', lora['alpha-pattern'], 'number'),
      layers: undefined,
      baseModel: undefined,
    },
  };
}

function trainConfig(values: TrainValues): TrainConfig {
  const { steps, epochs, patience } = values;
  return {
    seed: values.seed,
    accumulationSteps: values.accumulate,
    learningRate: values.rate ?? (values.full ? 2e-5 : 2e-4),
    schedule: values.schedule,
    warmup: { ratio: values.warmup },
    maxSteps: steps ?? null,
    epochs: epochs ?? (steps === undefined ? 3 : null),
    maxGradientNorm: values.clip === 0 ? null : values.clip,
    adamW: { ...adamWDefaults, weightDecay: values['weight-decay'] },
    evaluateEvery: values['evaluate-every'] ?? null,
    earlyStop: patience === undefined ? null : { patience, minDelta: values['min-gain'] ?? 0 },
  };
}
