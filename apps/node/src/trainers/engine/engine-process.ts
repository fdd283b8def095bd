import { BaseError, digestOfUpdateManifest, type Update, updateElementCount } from '@skein/core';
import { prepareExamples } from '@skein/engine';
import {
  createLocalTrainer,
  createWorkerRuntime,
  type LocalTrainer,
  loadVocabulary,
  readDataFiles,
} from '@skein/engine/node';
import type { EngineFault, EngineOperations, EngineReply, EngineRequest, EngineSubject } from './engine-messages.ts';
import { localMethod, localSettings, SPLIT_SEED } from './local-settings.ts';

// The engine in a process of its own: the node's loop keeps answering, and what training takes of memory ends with it.

/** A step that is being computed may end first. */
const LAST_CALL_MS = 5_000;

type Handlers = {
  [Name in keyof EngineOperations]: (
    input: EngineOperations[Name]['in'],
    signal: AbortSignal,
  ) => Promise<EngineOperations[Name]['out']>;
};

let opened: Promise<Handlers> | undefined;
const running = new Map<number, AbortController>();

const runtime = createWorkerRuntime();
// The node is gone, or needs this no more. What runs is cut short: the checkpoints are on disk.
process.on('disconnect', () => {
  setTimeout(() => process.exit(), LAST_CALL_MS).unref();
  void runtime.close().finally(() => process.exit());
});
// Both reach the whole group from a terminal; the node decides what to finish.
process.on('SIGINT', () => undefined);
process.on('message', (request: EngineRequest) => {
  if (request.type === 'open') opened = open(request.subject);
  else if (request.type === 'abort') running.get(request.id)?.abort(new Error('interrupted'));
  else void answer(request);
});

async function answer({ id, operation, input }: Extract<EngineRequest, { type: 'call' }>): Promise<void> {
  const stop = new AbortController();
  running.set(id, stop);
  try {
    const handlers = await opened;
    const handler = handlers?.[operation] as (input: unknown, signal: AbortSignal) => Promise<unknown>;
    send({ id, output: await handler(input, stop.signal) });
  } catch (error) {
    send({ id, error: faultOf(error) });
  } finally {
    running.delete(id);
  }
}

async function open({ plan, model, data, threads }: EngineSubject): Promise<Handlers> {
  const method = localMethod(plan);
  if (method === null) throw new BaseError('node/custom-method', 'The engine can’t train a custom method.');
  const trainer = await createLocalTrainer(runtime, { model, method, threads });
  const { modelDigest, manifest } = trainer;
  const split = { fraction: plan.local.evaluationFraction, seed: SPLIT_SEED };
  const update = (values: Float32Array): Update => ({ manifest, values });
  return {
    describe: () =>
      Promise.resolve({
        modelDigest,
        parameters: digestOfUpdateManifest(manifest),
        parameterCount: updateElementCount(manifest),
      }),
    initial: () => Promise.resolve(trainer.initial.values),
    train: (input, signal) => trainRound(trainer, { ...input, plan, data, split, signal }),
    async evaluate({ parameters }, signal) {
      const { maxLength } = plan.local;
      const files = { files: data, split, maxLength, overlong: 'drop', exactMatch: false, signal } as const;
      const { lossNatsPerToken, examples, tokens } = await trainer.evaluate(update(parameters), files);
      return { lossNatsPerToken, examples, tokens };
    },
    preview: () => preview(model, data, plan.local.maxLength),
    memory: () => Promise.resolve(process.resourceUsage().maxRSS * 1024),
    async write({ path, parameters }) {
      await trainer.write(path, update(parameters));
      return null;
    },
  };
}

async function preview(
  model: string,
  data: readonly string[],
  maxLength: number,
): Promise<EngineOperations['preview']['out']> {
  const vocabulary = await loadVocabulary(model);
  const { report } = await prepareExamples(readDataFiles(data), { ...vocabulary, maxLength, overlong: 'drop' });
  const { kept, droppedOverlong, droppedUncounted, tokens, countedTokens } = report;
  return { examples: kept, tooLong: droppedOverlong, uncounted: droppedUncounted, tokens, countedTokens };
}

type Round = EngineOperations['train']['in'] &
  Pick<EngineSubject, 'plan' | 'data'> & {
    readonly split: { readonly fraction: number; readonly seed: number };
    readonly signal: AbortSignal;
  };

async function trainRound(trainer: LocalTrainer, round: Round): Promise<EngineOperations['train']['out']> {
  const { plan, data, split, signal, directory } = round;
  const { parameters, examples, tokens, lossNatsPerToken } = await trainer.trainRound({
    ...localSettings(plan, round.round, round.seed),
    directory,
    data,
    split,
    parameters: { manifest: trainer.manifest, values: round.parameters },
    signal,
  });
  return { trained: parameters.values, examples, tokens, lossNatsPerToken };
}

function send(reply: EngineReply): void {
  process.send?.(reply);
}

function faultOf(error: unknown): EngineFault {
  if (error instanceof BaseError) {
    return { code: error.code, message: error.message, hints: error.hints, info: structuredClone(error.info) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'node/engine-fault', message, hints: [], info: {} };
}
