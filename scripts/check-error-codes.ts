import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSourceFiles } from './architecture/source-file.ts';
import { withCodeTables } from './error-codes/code-tables.ts';
import { collectCodes } from './error-codes/collect-codes.ts';
import { projectRoot } from './setup/project-root.js';

const document = join(projectRoot, 'docs/troubleshooting.md');
const current = readFileSync(document, 'utf8');
const codes = collectCodes(readSourceFiles(projectRoot));
const { page, faults } = withCodeTables(current, codes);
if (process.argv.includes('--write')) writeFileSync(document, page);
else if (page !== current) faults.push('the tables are out of date: run `npm run codes -- --write`');
for (const fault of faults) console.error(`docs/troubleshooting.md: ${fault}`);
if (faults.length > 0) process.exitCode = 1;
console.log(`error codes: ${codes.length} codes, ${faults.length} faults`);
