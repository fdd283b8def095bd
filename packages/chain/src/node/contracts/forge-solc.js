#!/usr/bin/env node
// solc's JavaScript build behind the command line of a native solc: all that forge asks of it.
import { createRequire } from 'node:module';
import fs from 'node:fs';
const load = createRequire(import.meta.url);
const solc = load('solc');
if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else {
  process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8')));
}
