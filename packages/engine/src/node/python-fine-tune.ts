import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { invariant } from '@skein/core';
import { restoreRole } from '../train/checkpoint.ts';
import type { TrainResult } from '../train/trainer.ts';
import { listCheckpoints, readCheckpoint } from './checkpoint-directory.ts';
import { describeRun } from './describe-run.ts';
import { type PreparedRun, readFineTuneInputs, type Trained, writeTrained } from './fine-tune-inputs.ts';
import type { FineTuneOptions } from './fine-tune-options.ts';
import { type PythonTrainer, writePythonJob } from './python-job.ts';
import { checkPython, trainInPython } from './python-worker.ts';
import { openRunStore } from './run-store.ts';
import { scanWeights } from './scan-weights.ts';
import { settleWeights } from './settle-weights.ts';

/**
 * As `prepareFineTune`, with transformers and PEFT as the trainer: the same examples in the same batches, the same run
 * directory, the same adapter in and out.
 * @throws BaseError for every kind of bad input, a Python without the packages, or no CUDA where it is asked for.
 */
export async function preparePythonFineTune(given: FineTuneOptions, trainer: PythonTrainer): Promise<PreparedRun> {
  const versions = await checkPython(trainer.python, trainer.device);
  const options = { ...given, out: resolve(given.out) };
  const { trained, ...inputs } = await readFineTuneInputs(options);
  const { device, precision } = trainer;
  return {
    ...inputs,
    async run({ onEvent, signal }) {
      const store = await openRunStore({
        directory: options.out,
        config: await describeRun(inputs.folder, options, { runtime: 'python', versions, device, precision }),
        resume: options.resume,
      });
      try {
        await settleWeights(options.out, await scanWeights(inputs.folder, signal));
        const { job, totalSteps } = await writePythonJob({ ...inputs, trained }, options, { trainer, store });
        const { status, step } = await trainInPython(trainer.python, job, { onEvent, signal });
        const result = await takeResult(trained, options, { status, step, totalSteps });
        if (status === 'interrupted') return { ...result, output: null };
        const output = await writeTrained(inputs.folder, options.out, trained);
        await rm(job, { recursive: true });
        return { ...result, output };
      } finally {
        await store.close();
      }
    },
  };
}

/** Takes what the worker's last checkpoint says into the parameters. */
async function takeResult(
  trained: Trained,
  { out, train: { earlyStop } }: FineTuneOptions,
  end: Pick<TrainResult, 'status' | 'step' | 'totalSteps'>,
): Promise<TrainResult> {
  const [newest] = await listCheckpoints(join(out, 'checkpoints'));
  invariant(newest, 'the worker has saved a checkpoint at its end');
  const { checkpoint } = await readCheckpoint(newest);
  const { last, best } = checkpoint.state.evaluations;
  const usesBest = end.status !== 'interrupted' && earlyStop !== null && best !== null;
  const { parameters } = trained;
  const arrays = parameters.map(({ data }) => data);
  restoreRole(usesBest ? 'best' : 'parameter', { checkpoint, parameters }, arrays);
  return { ...end, lastEvaluation: last, bestEvaluation: best, parametersOfStep: usesBest ? best.step : end.step };
}
