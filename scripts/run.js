import { projectRoot } from './setup/project-root.js';
import { runNode } from './setup/run-node.js';
import { setUp } from './setup/set-up.js';
import { SetupError } from './setup/setup-error.js';

/**
 * What `npm run …` can do: the program under Node 24 and its first arguments. Plain JavaScript, because an old Node
 * starts it. Each program is named by its file: shims in node_modules/.bin differ between systems.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const tasks = {
  setup: ['--version'],
  start: ['apps/cli/src/main.ts', 'start'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  'test:simulation': ['test/simulation/main.ts'],
  'test:faults': ['test/faults/main.ts'],
  lint: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  format: ['node_modules/@biomejs/biome/bin/biome', 'format', '--write'],
  'format:check': ['node_modules/@biomejs/biome/bin/biome', 'format'],
  types: ['node_modules/typescript/bin/tsc', '-p', '.'],
  arch: ['scripts/check-architecture.ts'],
  places: ['scripts/check-places.ts'],
  codes: ['scripts/check-error-codes.ts'],
  contracts: ['packages/chain/src/node/contracts/main.ts', 'build'],
  'contracts:test': ['packages/chain/src/node/contracts/main.ts', 'test'],
};
const checks = ['lint', 'format:check', 'types', 'arch', 'places', 'codes'];

/** @param {string} node */
async function runChecks(node) {
  let failed = 0;
  for (const name of checks) {
    const exitCode = await runNode(node, tasks[name] ?? []);
    console.log(`${exitCode === 0 ? 'passed' : 'FAILED'}: ${name}`);
    if (exitCode !== 0) failed += 1;
  }
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** @param {readonly string[]} argv */
async function main([name = '', ...rest]) {
  const task = tasks[name];
  if (task === undefined && name !== 'check') {
    throw new SetupError(`There is no task "${name}": use one of check, ${Object.keys(tasks).join(', ')}.`);
  }
  const node = await setUp();
  process.chdir(projectRoot);
  return task === undefined ? runChecks(node) : runNode(node, [...task, ...rest]);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
