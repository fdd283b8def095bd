import type { ConformanceCheck } from '@skein/engine';
import { createWorkerRuntime, runConformance } from '@skein/engine/node';
import { defineCommand } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { formatTable } from '../format-table.ts';
import { RUNTIME_OPTIONS } from '../shared-options.ts';

export const conformance = defineCommand({
  name: 'conformance',
  summary: 'compare the engine with values of transformers and PEFT',
  description: [
    'Runs folders that hold a model, inputs and what other software computed from them: logits of the base and the ' +
      'adapted model, losses, every gradient, ten steps of training, final logits, greedy tokens. Prints the largest ' +
      'error of each.',
  ],
  positionals: {
    name: 'DIR…',
    help: 'Folders of the form of test/vectors/engine/*',
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
  },
  options: { device: RUNTIME_OPTIONS.device },
  examples: [{ line: 'skein conformance test/vectors/engine/*', does: 'compares with all values that are shipped' }],
  run: async ({ device }, { words, signal, terminal, json }) => {
    const runtime = createWorkerRuntime(device);
    const folders: { folder: string; passed: boolean; checks: ConformanceCheck[] }[] = [];
    try {
      for (const folder of words) {
        signal.throwIfAborted();
        const checks = await runConformance(runtime, folder);
        const passed = checks.length > 0 && checks.every((check) => check.passed);
        folders.push({ folder, passed, checks });
        if (!json) terminal.write(`${folder}\n${tableOf(checks)}\n\n`);
      }
    } finally {
      await runtime.close();
    }
    const missed = folders.flatMap(({ checks }) => checks.filter((check) => !check.passed)).length;
    const passed = folders.every((folder) => folder.passed);
    const count = folders.reduce((sum, { checks }) => sum + checks.length, 0);
    const text = passed ? `All ${count} checks passed.` : `${missed} of ${count} checks missed their tolerance.`;
    const exitCode = passed ? EXIT_CODES.done.code : EXIT_CODES.error.code;
    return { json: { passed, folders }, text, exitCode };
  },
});

function tableOf(checks: readonly ConformanceCheck[]): string {
  const rows = checks.map(({ name, error, measure, tolerance, shareOfTolerance, passed }) => [
    name,
    measure === 'differing tokens' ? String(error) : error.toExponential(2),
    measure,
    tolerance,
    `${(100 * shareOfTolerance).toPrecision(3)} %`,
    passed ? 'passed' : 'MISSED',
  ]);
  return formatTable([['value', 'largest error', 'measure', 'tolerance', 'of tolerance', ''], ...rows], [1, 4]);
}
