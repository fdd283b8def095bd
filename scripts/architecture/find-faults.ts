import { cycleFaults } from './cycle-faults.ts';
import { importFaults } from './import-faults.ts';
import { layoutFaults } from './layout-faults.ts';
import { purityFaults } from './purity-faults.ts';
import { roomOf, rooms } from './rooms.ts';
import { type Fault, readSourceFiles, type SourceFile } from './source-file.ts';
import { readWorkspace } from './workspace.ts';

export interface Findings {
  readonly faults: readonly Fault[];
  readonly fileCount: number;
  readonly importCount: number;
}

/** Checks every source file below `root` against the table of rooms and the rules of size and name. */
export function findFaults(root: string): Findings {
  const files = readSourceFiles(root);
  const workspace = readWorkspace(root);
  const faults = [
    ...emptinessFaults(files),
    ...files.flatMap(({ path, syntaxErrors }) => syntaxErrors.map((message) => ({ path, line: 1, message }))),
    ...importFaults(files, workspace),
    ...purityFaults(files),
    ...cycleFaults(files),
    ...layoutFaults(files),
  ];
  return { faults, fileCount: files.length, importCount: files.flatMap(({ imports }) => imports).length };
}

/** A check that reads nothing would pass for ever: every package must have source, and some of it imports. */
function emptinessFaults(files: readonly SourceFile[]): Fault[] {
  const empty = rooms
    .filter((room) => room.package !== undefined && !files.some(({ path }) => roomOf(path) === room))
    .map((room) => ({ path: room.folder, line: 1, message: `has no source file, so nothing of it was checked` }));
  const blind = files.length > 0 && files.every(({ imports }) => imports.length === 0);
  return blind
    ? [...empty, { path: '.', line: 1, message: 'no file imports anything: imports were not found' }]
    : empty;
}
