import { describe } from 'vitest';
import { describeDeterminism } from './contract-determinism.ts';
import { describeModels } from './contract-models.ts';
import { describeOperators } from './contract-operators.ts';
import { describeRefusals } from './contract-refusals.ts';
import { describeSessions } from './contract-sessions.ts';
import type { RuntimeUnderTest } from './runtime-under-test.ts';

/** What every runtime must do alike. Registers tests; call it once in a test file. */
export function describeRuntime(name: string, runtime: RuntimeUnderTest): void {
  describe(`${name} as a runtime`, () => {
    describeOperators(runtime);
    describeSessions(runtime);
    describeRefusals(runtime);
    describeModels(runtime);
    describeDeterminism(runtime);
  });
}
