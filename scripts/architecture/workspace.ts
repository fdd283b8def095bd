import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
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
  /** Whether a file's package declares an external package; tests and rooms without a package have the root's too. */
  isDeclared(path: string, dependency: string): boolean;
  /** Paths of the files that packages export. */
  readonly entryFiles: ReadonlySet<string>;
}

export function readWorkspace(root: string): Workspace {
  const read = (folder: string): Manifest => {
    const file = join(root, folder, 'package.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : {};
  };
  const manifests = new Map(rooms.map((room) => [room.name, read(room.folder)]));
  const rootManifest = read('');
  return {
    isEntry: (room, specifier) => {
      const entry = `.${specifier.slice(room.package?.length)}`;
      return Object.hasOwn(manifests.get(room.name)?.exports ?? {}, entry);
    },
    isDeclared: (path, dependency) => {
      const room = roomOf(path);
      const own = { ...(room && manifests.get(room.name)?.dependencies) };
      const shared = isTest(path) || room?.package === undefined;
      const ofRoot = shared ? { ...rootManifest.dependencies, ...rootManifest.devDependencies } : {};
      return Object.hasOwn({ ...own, ...ofRoot }, dependency);
    },
    entryFiles: new Set(
      rooms.flatMap((room) =>
        Object.values(manifests.get(room.name)?.exports ?? {}).map((file) => posix.join(room.folder, file)),
      ),
    ),
  };
}
