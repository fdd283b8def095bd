import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { policySchema } from '../config/policy.ts';
import { samplePlan } from '../testing/sample-plan.ts';
import { dryRun } from './dry-run.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const model = join(root, 'models/skein-small');
const data = join(root, 'samples/clinics/hill');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-dry-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

describe('a dry run', () => {
  it('counts, measures and judges, without a network', async () => {
    const policy = policySchema.parse({ version: 'policy/1', folders: { records: { maxRounds: 1 } } });
    const use = { policy, folder: 'records', alliance: '1', creator: `0x${'00'.repeat(20)}` };
    const report = await dryRun({ plan: samplePlan(), model, data, threads: 1, policy: use });
    const { training, evaluation, tooLong, uncounted } = report.examples;
    expect(training + evaluation + tooLong + uncounted).toBe(184);
    expect(evaluation / (training + evaluation)).toBeCloseTo(0.2, 1);
    expect(report.tokens).toBeGreaterThan(1000);
    // ln(2048) would be a model that knows nothing of its vocabulary.
    expect(report.firstLossNats).toBeGreaterThan(0);
    expect(report.firstLossNats).toBeLessThan(Math.log(2048));
    expect(report.trainingSecondsPerRound).toBeGreaterThan(0);
    expect(report.peakBytes).toBeGreaterThan(50e6);
    expect(report.baseModel.matches).toBe(false);
    expect(report.verdict).toMatchObject({ verdict: 'refused', rule: 'folders.records.maxRounds' });
    const right = samplePlan({ baseModel: report.baseModel.found });
    expect((await dryRun({ plan: right, model, data, threads: 1 })).baseModel.matches).toBe(true);
  });

  it('names what is missing', async () => {
    const plan = samplePlan();
    const run = (folder: string) => dryRun({ plan, model, data: folder, threads: 1 });
    await expect(run(join(directory, 'nowhere'))).rejects.toThrow(expect.objectContaining({ code: 'node/no-data' }));
    await expect(run(directory)).rejects.toThrow(expect.objectContaining({ code: 'node/no-data' }));
    await writeFile(join(directory, 'empty.jsonl'), '');
    await expect(run(directory)).rejects.toThrow(expect.objectContaining({ code: 'engine/data-empty' }));
    const method = { kind: 'custom', trainer: 'mine' } as const;
    const clear = samplePlan({ method, aggregation: { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 1 } });
    const custom = dryRun({ plan: clear, model, data });
    await expect(custom).rejects.toThrow(expect.objectContaining({ code: 'node/custom-plan' }));
  });
});
