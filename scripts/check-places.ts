import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Machine, placeFaults } from './places/place-faults.ts';
import { projectRoot } from './setup/project-root.js';

const machine: Machine = { root: projectRoot, temporary: tmpdir(), registry: process.env.npm_config_registry };
const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: projectRoot,
  encoding: 'utf8',
});
const paths = listed.split('\0').filter((path) => path !== '' && existsSync(join(projectRoot, path)));
let faultCount = paths.length === 0 ? 1 : 0;

for (const path of paths) {
  const bytes = readFileSync(join(projectRoot, path));
  // A zero byte never stands in text: models and the like are skipped.
  if (bytes.includes(0)) continue;
  for (const { line, message } of placeFaults(bytes.toString('utf8'), machine)) {
    console.error(`${path}:${line}: ${message}`);
    faultCount += 1;
  }
}
console.log(`places: ${paths.length} files, ${faultCount} faults`);
if (faultCount > 0) process.exitCode = 1;
