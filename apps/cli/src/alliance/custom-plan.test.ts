import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobManifestOf, blobRoot, decodeModelState, NO_PARAMETERS } from '@skein/alliance';
import { digestOfBytes } from '@skein/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customPlan } from './custom-plan.ts';
import { PLAN_SETTINGS, type PlanSettings } from './plan-settings.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-plans-'));
});
afterAll(async () => await rm(directory, { recursive: true }));

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, bytes);
  return path;
}
const coded = (code: string) => expect.objectContaining({ code });
const method = { kind: 'custom', trainer: 'forest' } as const;
const clear = { kind: 'clear', minSurvivors: 3 } as const;

describe('a plan of numbers', () => {
  const settings: PlanSettings = { ...PLAN_SETTINGS, method, aggregation: { ...clear, rule: { kind: 'mean' } } };

  it('starts from the float32 values of a file', async () => {
    const start = await file('start.f32', new Uint8Array(Float32Array.of(1, 2, 3).buffer));
    const { plan, initialModel } = await customPlan('sites', start, settings);
    expect(plan.parameterCount).toBe(3);
    expect(decodeModelState(initialModel).parameters).toEqual(Float32Array.of(1, 2, 3));
  });

  it('is refused without a file, and with one of other bytes', async () => {
    await expect(customPlan('sites', undefined, settings)).rejects.toThrow(coded('cli/missing-option'));
    const odd = await file('odd', Uint8Array.of(1, 2, 3));
    await expect(customPlan('sites', odd, settings)).rejects.toThrow(coded('cli/bad-parameters'));
  });
});

describe('a plan of opaque parameters', () => {
  const rule = { kind: 'trainer', replay: 'bytes', maxBytes: 1000 } as const;
  const settings: PlanSettings = { ...PLAN_SETTINGS, method, aggregation: { ...clear, rule } };

  it('starts from a file as it is, or from nothing', async () => {
    const bytes = Uint8Array.of(0x80, 4, 1);
    const { plan, initialModel } = await customPlan('sites', await file('start.pkl', bytes), settings);
    expect(plan).toMatchObject({ parameterCount: 0, baseModel: digestOfBytes(bytes) });
    expect(Uint8Array.from(initialModel)).toEqual(bytes);
    const fromNothing = await customPlan('sites', undefined, settings);
    expect(fromNothing.initialModel).toBe(NO_PARAMETERS);
    expect(fromNothing.plan.initialModel).toBe(blobRoot(blobManifestOf(NO_PARAMETERS)));
  });

  it('is refused with an empty file', async () => {
    const empty = await file('empty', new Uint8Array());
    await expect(customPlan('sites', empty, settings)).rejects.toThrow(coded('cli/bad-parameters'));
  });
});
