import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { nodeOnlyPackages, type Room, roomOf, rooms } from './rooms.ts';
import { type Fault, isTest, type SourceFile } from './source-file.ts';
import type { Workspace } from './workspace.ts';

/** Values that other people's software made: data, which every room's tests may read. */
const VECTORS = 'test/vectors/';

interface Importer {
  readonly path: string;
  readonly room: Room;
}

/** Imports that cross a border where the table of rooms has no door, or that name what isn't there for them. */
export function importFaults(files: readonly SourceFile[], workspace: Workspace): Fault[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === undefined) return [{ path: file.path, line: 1, message: 'belongs to no room of the table' }];
    return file.imports.flatMap(({ specifier, line }) => {
      const message = importFault({ path: file.path, room }, specifier, workspace);
      return message === undefined ? [] : [{ path: file.path, line, message }];
    });
  });
}

/** The file that a relative import names. */
export function resolveRelative(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}

/** Whether a file must also run where there is no Node. */
export function isNodeFree({ path, room }: Importer): boolean {
  if (isTest(path) || room.node === 'anywhere') return false;
  return room.node === 'nowhere' || !path.startsWith(`${room.folder}/${room.node}`);
}

function importFault(importer: Importer, specifier: string | undefined, workspace: Workspace): string | undefined {
  if (specifier === undefined) return isTest(importer.path) ? undefined : 'imports what only the run time knows';
  if (specifier.startsWith('.')) return relativeFault(importer, specifier);
  const dependency = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const target = rooms.find((room) => room.package === dependency);
  if (target !== undefined) return roomFault(importer, target, { specifier, workspace });
  if ((isBuiltin(specifier) || nodeOnlyPackages.has(dependency)) && isNodeFree(importer)) {
    return `imports ${specifier}, but this part of ${importer.room.name} must run without Node`;
  }
  if (isBuiltin(specifier) || workspace.isDeclared(importer.path, dependency)) return undefined;
  return `imports ${dependency}, which its package.json does not declare`;
}

function relativeFault(importer: Importer, specifier: string): string | undefined {
  const path = resolveRelative(importer.path, specifier);
  const target = roomOf(path);
  if (!isTest(importer.path) && isTest(path)) return `imports ${specifier}, which is only for tests`;
  if (target === importer.room || (isTest(importer.path) && path.startsWith(VECTORS))) return undefined;
  if (target === undefined) return `imports ${specifier}, which belongs to no room of the table`;
  if (target.package !== undefined) return `imports ${specifier} out of ${target.name}: use ${target.package}`;
  return tableFault(importer.room, target);
}

function roomFault(
  importer: Importer,
  target: Room,
  { specifier, workspace }: { specifier: string; workspace: Workspace },
): string | undefined {
  if (target === importer.room) return `imports its own room by name: use a relative path instead of ${specifier}`;
  const fault = tableFault(importer.room, target);
  if (fault !== undefined || workspace.isEntry(target, specifier)) return fault;
  return `imports ${specifier}, which is no entry of ${target.package}: its package.json does not export it`;
}

function tableFault(from: Room, target: Room): string | undefined {
  return from.mayImport.includes(target.name) ? undefined : `${from.name} may not import ${target.name}`;
}
