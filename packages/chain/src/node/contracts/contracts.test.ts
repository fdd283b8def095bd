import { describe, expect, it } from 'vitest';
import { sourceDigest } from '../../generated/source-digest.ts';
import { runForge } from './run-forge.ts';
import { contractSourceDigest } from './source-digest.ts';

/** Enough to notice what is broken; `npm run contracts:test` looks longer. */
const shortRuns = {
  FOUNDRY_FUZZ_RUNS: '16',
  FOUNDRY_INVARIANT_RUNS: '6',
  FOUNDRY_INVARIANT_DEPTH: '100',
  // A call that costs more, or less, than the kept snapshot says is a failure: run contracts:test and look at the change.
  FORGE_SNAPSHOT_CHECK: 'true',
};

describe('the contracts', () => {
  it('are those that the generated files were made from: else run `npm run contracts`', async () => {
    expect(await contractSourceDigest()).toBe(sourceDigest);
  });

  it("pass forge's unit, fuzz and invariant tests at the kept cost in gas", { timeout: 600_000 }, async () => {
    const { exitCode, output } = await runForge(['test'], shortRuns);
    expect(output).toMatch(/ 0 failed, 0 skipped \(\d{2,} total tests\)/);
    expect(exitCode).toBe(0);
  });
});
