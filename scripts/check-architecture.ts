import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFaults } from './architecture/find-faults.ts';
import { withRoomTable } from './architecture/room-table.ts';
import { projectRoot } from './setup/project-root.js';

const document = join(projectRoot, 'ARCHITECTURE.md');
const current = readFileSync(document, 'utf8');
const drawn = withRoomTable(current);
if (process.argv.includes('--write')) writeFileSync(document, drawn);
else if (drawn !== current) {
  console.error('ARCHITECTURE.md: the table of rooms is out of date: run `npm run arch -- --write`');
  process.exitCode = 1;
}

const { faults, fileCount, importCount } = findFaults(projectRoot);
for (const { path, line, message } of faults) console.error(`${path}:${line}: ${message}`);
if (faults.length > 0) process.exitCode = 1;
console.log(`architecture: ${fileCount} files, ${importCount} imports, ${faults.length} faults`);
