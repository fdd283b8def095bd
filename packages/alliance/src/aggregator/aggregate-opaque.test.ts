import type { Digest } from '@skein/core';
import { nodeCrypto } from '@skein/privacy/node';
import { describe, expect, it } from 'vitest';
import { blobManifestOf, blobRoot } from '../blob-manifest.ts';
import { encodeNumbers } from '../model/number-bytes.ts';
import { encodeModelState } from '../model/model-state.ts';
import { NO_PARAMETERS } from '../model/opaque-model.ts';
import { accountAt } from '../testing/sample-accounts.ts';
import { samplePlan } from '../testing/sample-plan.ts';
import { computeSum } from './compute-sum.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (words: string) => new TextEncoder().encode(words);
const rootOf = (bytes: Uint8Array) => blobRoot(blobManifestOf(bytes));

/** Joins words of letters; refuses everything else, and words that aren't as long as each other. */
async function joinWords(parameters: readonly Uint8Array[]): Promise<Uint8Array | null> {
  const words = parameters.map(text);
  const isRefused = words.some((word) => !/^[a-z]+$/.test(word) || word.length !== words[0]!.length);
  return isRefused ? null : bytesOf(words.join('+'));
}

function jobOf(model: Uint8Array, uploads: readonly Uint8Array[]) {
  const blobs = new Map<Digest, Uint8Array>([model, ...uploads].map((blob) => [rootOf(blob), blob]));
  const job = {
    model: rootOf(model),
    modelBytes: model.length,
    uploads: uploads.map((blob, index) => ({
      sender: accountAt(index + 1).address,
      root: rootOf(blob),
      sizeBytes: blob.length,
    })),
    secure: null,
  };
  return { job, blobs, read: (root: Digest) => Promise.resolve(blobs.get(root)) };
}

describe('opaque parameters', () => {
  const plan = samplePlan({
    method: { kind: 'custom', trainer: 'words' },
    parameterCount: 0,
    aggregation: {
      kind: 'clear',
      rule: { kind: 'trainer', replay: 'bytes', maxBytes: 100 },
      minSurvivors: 2,
    },
  });
  async function sumOf(model: Uint8Array, ...uploads: string[]): Promise<string> {
    const { job, read } = jobOf(model, uploads.map(bytesOf));
    const computed = await computeSum(nodeCrypto, plan, job, { read, aggregate: joinWords });
    if (!computed.ok) return computed.sentence;
    expect(computed.model).toBe(computed.sum);
    return text(computed.sum);
  }

  it('are made one in the order of the members', async () => {
    expect(await sumOf(NO_PARAMETERS, 'abc', 'xyz', 'klm')).toBe('abc+xyz+klm');
  });

  it.each<[string, Uint8Array]>([
    ['at the start', NO_PARAMETERS],
    ['later on', bytesOf('old')],
  ])('go on without those that the trainer refuses, %s', async (_, model) => {
    expect(await sumOf(model, 'abc', '%&!', 'klm')).toBe('abc+klm');
  });

  it('leave out what only doesn’t fit the current model', async () => {
    expect(await sumOf(bytesOf('old'), 'abc', 'xyz', 'longer')).toBe('abc+xyz');
    expect(await sumOf(NO_PARAMETERS, 'abc', 'xyz', 'longer')).toMatch(/takes 3 of 3 uploads/);
  });

  it('give no sum where fewer fit than the plan needs, or an upload is gone', async () => {
    expect(await sumOf(NO_PARAMETERS, 'abc', '%&!', '(/=')).toMatch(/takes 1 of 3 uploads/);
    const { job, blobs, read } = jobOf(NO_PARAMETERS, [bytesOf('abc'), bytesOf('xyz')]);
    blobs.delete(job.uploads[1]!.root);
    const computed = await computeSum(nodeCrypto, plan, job, { read, aggregate: joinWords });
    expect(computed).toMatchObject({ ok: false, sentence: expect.stringMatching(/can't be read/) });
  });
});

describe('numbers in clear', () => {
  const clear = { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 2 } as const;
  const plan = samplePlan({ parameterCount: 1, aggregation: clear });
  const upload = (value: number) => encodeNumbers(Float32Array.of(value));
  const model = encodeModelState({ parameters: Float32Array.of(0), optimiser: {} });

  it('of one member that are not finite are left out by everybody alike', async () => {
    const sum = async (...values: number[]) => {
      const { job, read } = jobOf(model, values.map(upload));
      return computeSum(nodeCrypto, plan, job, { read });
    };
    expect(await sum(1, Number.NaN, 3)).toMatchObject({ ok: true, sum: upload(2) });
    expect(await sum(1, Number.NaN, Infinity)).toMatchObject({ ok: false });
  });
});
