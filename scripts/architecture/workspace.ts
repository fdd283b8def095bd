import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Room, roomOf, rooms } from './rooms.ts';
import { isTest } from './source-file.ts';

interface Manifest {
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** What the rooms' package.json files allow. */
export interface Workspace {
  /** Whether `@skein/room/…` is an entry that the room's package exports. */
  isEntry(room: Room, specifier: string): boolean;
  /**
   * Whether an external package is declared for a file: by its room's package; for tests by the root's as well; for a
   * room without a package by the root's or one of a room that it may import.
   */
  isDeclared(path: string, dependency: string): boolean;
}

export function readWorkspace(root: string): Workspace {
  const manifests = new Map(rooms.map((room) => [room.name, readManifest(join(root, room.folder))]));
  const ofRoot = readManifest(root);
  return {
    isEntry: (room, specifier) => {
      const entry = `.${specifier.slice(room.package?.length)}`;
      return Object.hasOwn(manifests.get(room.name)?.exports ?? {}, entry);
    },
    isDeclared: (path, dependency) => {
      const room = roomOf(path);
      const lenders = room?.package === undefined ? (room?.mayImport ?? []) : [room.name];
      const shared = room?.package === undefined || isTest(path) ? ofRoot.devDependencies : {};
      const declared = [shared, ...lenders.map((name) => manifests.get(name)?.dependencies)];
      return declared.some((dependencies) => Object.hasOwn(dependencies ?? {}, dependency));
    },
  };
}

function readManifest(folder: string): Manifest {
  const file = join(folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : {};
}
