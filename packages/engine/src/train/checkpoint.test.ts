import { expect, test } from 'vitest';
import { type Checkpoint, restoreRole, trainerStateSchema } from './checkpoint.ts';

const parameters = [{ name: 'a', dims: [2], data: Float32Array.of(1, 2) }];
const state = trainerStateSchema.parse({
  version: 'train-state/1',
  configDigest: 'sha256:00',
  step: 3,
  position: { epoch: 0, microBatch: 3 },
  evaluations: { last: null, best: null, withoutGain: 0 },
});

test('restoring copies, so that the checkpoint is not trained on', () => {
  const saved = { name: 'm/a', dims: [2], data: Float32Array.of(3, 4) };
  const target = [new Float32Array(2)];
  restoreRole('m', { checkpoint: { state, tensors: [saved] }, parameters }, target);
  target[0]![0] = 9;
  expect(saved.data).toEqual(Float32Array.of(3, 4));
  expect(target).toEqual([Float32Array.of(9, 4)]);
});

test('names a missing tensor and one of another shape with as many elements', () => {
  const restore = (tensors: Checkpoint['tensors']) => () =>
    restoreRole('m', { checkpoint: { state, tensors }, parameters }, [new Float32Array(2)]);
  expect(restore([])).toThrow('The checkpoint does not fit the model at m/a: it is missing.');
  expect(restore([{ name: 'm/a', dims: [1, 2], data: new Float32Array(2) }])).toThrow('its shape is [1, 2]');
});

test('a state of another version is refused', () => {
  expect(trainerStateSchema.safeParse({ ...state, version: 'train-state/2' }).success).toBe(false);
});
