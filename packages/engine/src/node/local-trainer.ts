import {
  BaseError,
  type Digest,
  digestOfJson,
  digestOfUpdateManifest,
  type Update,
  type UpdateManifest,
  unflattenUpdate,
} from '@skein/core';
import { createLanguageModel } from '../models/language-model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import { evaluateFiles, type FilesEvaluation, type FilesToEvaluate } from './evaluate-files.ts';
import { loadVocabulary } from './load-vocabulary.ts';
import { type LocalRoundOptions, type LocalRoundResult, type OpenedModel, runLocalRound } from './local-round.ts';
import { openModelFolder } from './model-folder.ts';
import { assertBaseModel, digestOfModelManifest, readModelManifest } from './model-manifest.ts';
import { type LocalMethod, openTrainablePart } from './trainable-part.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

export interface LocalTrainerOptions {
  /** Folder of the base model, with its tokenizer. */
  readonly model: string;
  /** Refuses another base model than this one (`digestOfModelManifest`). */
  readonly modelDigest?: Digest;
  readonly method: LocalMethod;
  /** Threads of one session; changes results in the last bits. */
  readonly threads: number;
}

/**
 * What a member of an alliance needs of the engine: one model with one trainable part, opened once and used round
 * after round with other values. Calls wait for one another, since they share the parameters.
 */
export interface LocalTrainer {
  readonly modelDigest: Digest;
  /** Of the trainable arrays; every update that goes in or comes out has it. */
  readonly manifest: UpdateManifest;
  /** Where round 0 starts: B zero, or the model's own weights. Equal on every machine. A copy. */
  readonly initial: Update;
  /**
   * Trains from `parameters`, which stay as they are. Equal options and files give equal bytes on one machine, also
   * where the process was killed on the way and called again with the same directory.
   * @throws the signal's reason where it is aborted; the round can then be called again and goes on.
   * @throws BaseError `engine/update-mismatch`, `engine/other-config`, `train/non-finite`, and those of bad data.
   */
  trainRound(options: LocalRoundOptions): Promise<LocalRoundResult>;
  /** Loss, and exact match where asked for, of any parameters on any files. */
  evaluate(parameters: Update, files: FilesToEvaluate): Promise<FilesEvaluation>;
  /** Writes a PEFT adapter folder (A and B) or, in full fine-tuning, a model folder. */
  write(path: string, parameters: Update): Promise<void>;
  /** Gives the sessions back; the runtime stays its owner's. */
  close(): Promise<void>;
}

/**
 * Opens a model for federated rounds. Memory: the trainable part, and three times as much during a round.
 * @throws BaseError `engine/other-model` for another base model than agreed, and for a folder that is not whole.
 */
export async function createLocalTrainer(runtime: Runtime, options: LocalTrainerOptions): Promise<LocalTrainer> {
  const { method, threads } = options;
  const modelDigest = digestOfModelManifest(await readModelManifest(options.model));
  if (options.modelDigest !== undefined) {
    assertBaseModel(options.model, { found: modelDigest, expected: options.modelDigest });
  }
  const folder = await openModelFolder(options.model);
  const part = await openTrainablePart(folder, method);
  const initial = part.asUpdate();
  const manifestDigest = digestOfUpdateManifest(initial.manifest);
  const model = createLanguageModel(runtime, { ...part, threads, yieldControl: yieldToEventLoop });
  const opened: OpenedModel = {
    folder,
    model,
    vocabulary: await loadVocabulary(options.model),
    asUpdate: () => part.asUpdate(),
    identity: { runtime: runtime.name, threads, model: modelDigest, method: digestOfJson(method) },
  };
  const load = async ({ manifest, values }: Update) => {
    assertSameManifest(digestOfUpdateManifest(manifest), manifestDigest);
    copyInto(part.parameters, { manifest, values });
    await model.parametersChanged();
  };
  const inTurn = createQueue();
  return {
    modelDigest,
    manifest: initial.manifest,
    initial,
    trainRound: (round) =>
      inTurn(async () => {
        await load(round.parameters);
        return runLocalRound(opened, round);
      }),
    evaluate: (parameters, files) =>
      inTurn(async () => {
        await load(parameters);
        return evaluateFiles(opened, files);
      }),
    write: (path, parameters) =>
      inTurn(async () => {
        await load(parameters);
        await part.write(path);
      }),
    close: () => inTurn(() => model.release()),
  };
}

/** Runs one task after the other, whether the one before failed or not. */
function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result;
    return result;
  };
}

function copyInto(parameters: readonly Parameter[], update: Update): void {
  const tensors = new Map(unflattenUpdate(update).map(({ name, data }) => [name, data]));
  for (const { name, data } of parameters) data.set(tensors.get(name) ?? []);
}

function assertSameManifest(given: Digest, expected: Digest): void {
  if (given === expected) return;
  throw new BaseError('engine/update-mismatch', 'The parameters are those of another model or method.', {
    info: { given, expected },
    hints: ['Make sure that base model, method, rank and targets are those of the plan.'],
  });
}
