import { resolveRelative } from './import-faults.ts';
import type { Fault, SourceFile } from './source-file.ts';

/**
 * Files that import each other in a circle, each circle once; imports of types count, since such files can't be
 * understood apart either.
 */
export function cycleFaults(files: readonly SourceFile[]): Fault[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const faults: Fault[] = [];

  const follow = (file: SourceFile, trail: readonly string[]): void => {
    for (const { specifier, line } of file.imports) {
      if (!specifier?.startsWith('.')) continue;
      const next = byPath.get(resolveRelative(file.path, specifier));
      if (next === undefined || finished.has(next.path)) continue;
      const start = trail.indexOf(next.path);
      if (start === -1) follow(next, [...trail, next.path]);
      else faults.push({ path: file.path, line, message: `closes a circle: ${circle(trail.slice(start))}` });
    }
    finished.add(file.path);
  };

  for (const file of files) if (!finished.has(file.path)) follow(file, [file.path]);
  return faults;
}

function circle(paths: readonly string[]): string {
  return [...paths, paths[0]].join(' → ');
}
