import { encodeModelState, encodeNumbers, NO_PARAMETERS } from '@skein/alliance';
import { describe, expect, it } from 'vitest';
import { samplePlan } from '../testing/sample-plan.ts';
import { createCallTrainer, encodeFloats32, type CallRequest } from './call/call-trainer.ts';
import { createOpaqueTrainer } from './call/opaque-trainer.ts';
import { createPlanTrainer } from './plan-trainer.ts';

const signal = new AbortController().signal;
const task = (model: Uint8Array) => ({ model, round: 0, seed: 1, directory: '', signal });
const state = (...values: number[]) => encodeModelState({ parameters: Float32Array.from(values), optimiser: {} });

describe('a plan of numbers', () => {
  const trained = encodeFloats32(Float32Array.of(1, 2, 4));
  const call = () => Promise.resolve({ parameters: trained, loss: 1 });
  const plan = samplePlan({ parameterCount: 3 });
  const trainer = createPlanTrainer(plan, createCallTrainer({ name: 'mine', parameterCount: 3, call }));

  it('uploads what training changed', async () => {
    const { update } = await trainer.train(task(state(1, 1, 1)));
    expect(update).toEqual(encodeNumbers(Float32Array.of(0, 1, 3)));
    expect(trainer.aggregate).toBeUndefined();
  });

  it('names a model that was made under another plan', async () => {
    const wrong = expect.objectContaining({ code: 'node/wrong-model' });
    await expect(trainer.train(task(state(1, 2)))).rejects.toThrow(wrong);
    await expect(trainer.evaluate(state(1, 2, 3, 4), signal)).rejects.toThrow(wrong);
  });
});

describe('a plan of opaque parameters', () => {
  const asked: CallRequest[] = [];
  const call = (request: CallRequest) => {
    asked.push(request);
    return Promise.resolve({ parameters: 'AQID', loss: 1 });
  };
  const trainer = createPlanTrainer(samplePlan({}), createOpaqueTrainer({ name: 'mine', maxBytes: 3, call }));

  it('passes bytes on as they are, and none where there is no model yet', async () => {
    expect(await trainer.train(task(Uint8Array.of(9)))).toMatchObject({ update: Buffer.of(1, 2, 3) });
    await trainer.evaluate(NO_PARAMETERS, signal);
    expect(await trainer.aggregate?.([Uint8Array.of(9), Uint8Array.of(8)], signal)).toEqual(Buffer.of(1, 2, 3));
    expect(asked).toEqual([
      { method: 'train', parameters: 'CQ==', round: 0, seed: 1 },
      { method: 'evaluate' },
      { method: 'aggregate', parameters_list: ['CQ==', 'CA=='] },
    ]);
  });
});
