#!/usr/bin/env node
// Plain JavaScript: an old Node, which can't run TypeScript, starts it and hands over to Node 24.
import { fileURLToPath } from 'node:url';
import { runNode } from '../../../scripts/setup/run-node.js';
import { setUp } from '../../../scripts/setup/set-up.js';
import { SetupError } from '../../../scripts/setup/setup-error.js';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

try {
  process.exitCode = await runNode(await setUp(), [main, ...process.argv.slice(2)]);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
