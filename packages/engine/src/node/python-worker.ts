import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { nonFiniteError } from '../train/non-finite-error.ts';
import type { EndEvent, TrainEvent } from '../train/train-event.ts';

const PACKAGE = fileURLToPath(new URL('../../python', import.meta.url));

/** How much of what Python wrote to stderr is kept for a message. */
const STDERR_CHARACTERS = 4096;

const count = z.int().min(0);
const evaluation = z.strictObject({ step: count, loss: z.number() });

const trainEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), step: count, totalSteps: count, trainableElements: count }),
  z.strictObject({
    type: z.literal('step'),
    step: count,
    totalSteps: count,
    epoch: count,
    loss: z.number(),
    learningRate: z.number(),
    gradientNorm: z.number(),
    tokens: count,
    labelledTokens: count,
    tokensPerSecond: z.number(),
    secondsLeft: z.number(),
  }),
  z.strictObject({ type: z.literal('evaluation'), ...evaluation.shape, labelledTokens: count, best: z.boolean() }),
  z.strictObject({ type: z.literal('checkpoint'), step: count }),
  z.strictObject({
    type: z.literal('end'),
    status: z.enum(['complete', 'early-stopped', 'interrupted']),
    step: count,
    best: evaluation.nullable(),
  }),
]) satisfies z.ZodType<TrainEvent>;

const checkSchema = z.strictObject({
  type: z.literal('check'),
  required: z.record(z.string(), z.string()),
  installed: z.record(z.string(), z.string().nullable()),
  cuda: z.boolean(),
});

const errorSchema = z.discriminatedUnion('code', [
  z.strictObject({ type: z.literal('error'), code: z.literal('engine/python-memory'), info: z.strictObject({}) }),
  z.strictObject({
    type: z.literal('error'),
    code: z.literal('train/non-finite'),
    info: z.strictObject({ what: z.string(), step: count }),
  }),
]);

const lineSchema = z.union([trainEventSchema, checkSchema, errorSchema]);
type Line = z.infer<typeof lineSchema>;

export type TrainerDevice = 'cpu' | 'cuda';

/**
 * Asks a Python for the versions of what the worker needs.
 * @returns the installed versions by package.
 * @throws BaseError `engine/python-missing`, `engine/python-packages`, `engine/no-cuda`, `engine/python-failed`.
 */
export async function checkPython(python: string, device: TrainerDevice): Promise<Readonly<Record<string, string>>> {
  let found: z.infer<typeof checkSchema> | undefined;
  const onLine = (line: Line) => void (line.type === 'check' && (found = line));
  const failure = await runWorker(python, ['check'], { onLine });
  if (!found) throw failedError(failure);
  const { required, installed, cuda } = found;
  const series = (version: string) => version.split('.').slice(0, 2).join('.');
  const versions: Record<string, string> = {};
  const wrong: string[] = [];
  for (const [name, version] of Object.entries(required)) {
    const own = installed[name];
    if (typeof own === 'string') versions[name] = own;
    if (typeof own !== 'string') wrong.push(`${name} is missing`);
    else if (series(own) !== series(version)) wrong.push(`${name} is ${own} instead of ${series(version)}`);
  }
  if (wrong.length > 0) {
    throw new BaseError(
      'engine/python-packages',
      `${python} lacks what the Python worker needs: ${wrong.join(', ')}.`,
      {
        info: { python, required, installed },
        hints: [`Install them: ${python} -m pip install -r ${PACKAGE}/requirements.txt`],
      },
    );
  }
  if (device === 'cuda' && !cuda) {
    throw new BaseError('engine/no-cuda', `The torch ${versions['torch']} of ${python} finds no CUDA device.`, {
      info: { python },
      hints: ['Install a build of torch for CUDA and its driver, or train with --device cpu.'],
    });
  }
  return versions;
}

/**
 * Trains a job folder (python-job.ts). The run's checkpoints and metrics are the worker's to write.
 * @param signal when aborted, the worker finishes its step, saves a checkpoint and ends `interrupted`.
 * @throws the signal's reason where it is aborted before the run began; BaseError `train/non-finite`,
 * `engine/python-memory`, `engine/python-failed`, `engine/python-missing`.
 */
export async function trainInPython(
  python: string,
  job: string,
  { onEvent, signal }: { readonly onEvent: (event: TrainEvent) => void; readonly signal?: AbortSignal | undefined },
): Promise<EndEvent> {
  let end: EndEvent | undefined;
  let problem: BaseError | undefined;
  const onLine = (line: Line) => {
    if (line.type === 'check') return;
    if (line.type === 'error') problem = problemOf(line);
    else onEvent(line);
    if (line.type === 'end') end = line;
  };
  // The run's lock is this process's: the worker must not outlive it.
  const failure = await runWorker(python, [job, '--end-with-stdin'], { onLine, signal });
  if (end) return end;
  if (!problem) signal?.throwIfAborted();
  throw problem ?? failedError(failure);
}

interface Ending {
  readonly exit: string;
  /** The last line that Python wrote to stderr. */
  readonly said: string;
}

async function runWorker(
  python: string,
  words: readonly string[],
  { onLine, signal }: { readonly onLine: (line: Line) => void; readonly signal?: AbortSignal | undefined },
): Promise<Ending> {
  const env = { ...process.env, PYTHONPATH: PACKAGE, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(python, ['-m', 'skein_worker', ...words], { env });
  const stop = () => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-STDERR_CHARACTERS)));
  try {
    const exited = exitOf(child, python);
    const lines = readLines(child, onLine);
    const [exit] = await Promise.all([exited, lines]);
    return { exit, said: said.trim().split('\n').at(-1) ?? '' };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function readLines({ stdout }: ChildProcessWithoutNullStreams, onLine: (line: Line) => void): Promise<void> {
  for await (const text of createInterface({ input: stdout, crlfDelay: Infinity })) {
    onLine(lineSchema.parse(JSON.parse(text)));
  }
}

function exitOf(child: ChildProcessWithoutNullStreams, python: string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.on('error', (cause) => {
      reject(
        new BaseError('engine/python-missing', `${python} could not be started.`, {
          info: { python },
          hints: ['Name a Python 3.10 or newer with --python.'],
          cause,
        }),
      );
    });
  });
}

function problemOf(problem: z.infer<typeof errorSchema>): BaseError {
  if (problem.code === 'train/non-finite') return nonFiniteError(problem.info.what, { step: problem.info.step });
  return new BaseError('engine/python-memory', 'The device has too little memory for a batch.', {
    hints: ['Use a smaller --batch or --length, or --precision bf16; --accumulate keeps the size of a step.'],
  });
}

function failedError({ exit, said }: Ending): BaseError {
  return new BaseError('engine/python-failed', `The Python worker ended with ${exit}: ${said || 'it said nothing'}.`, {
    hints: ['Report it with the command; a run goes on from its last checkpoint with --resume.'],
  });
}
