import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { devNull } from 'node:os';
import { basename } from 'node:path';

/** With the place of the path that is made or removed among the arguments. */
const functions = { link: 1, mkdir: 0, rename: 1, rm: 0, writeFile: 0 };
const methods = ['appendFile', 'truncate', 'write'] as const;

type AnyFunction = (...args: unknown[]) => Promise<unknown>;
type Patchable = Record<string, AnyFunction>;

/**
 * From now on lists this process's calls of `node:fs/promises` that change the disk and ends it with SIGKILL at call
 * number `killAt` (from 1): before the call, or, where it writes to an open file, after half of the bytes. For tests of
 * crashes; must run before the modules under test are imported.
 * @returns the list, which grows: function and file name, its number as N, such as `rename step-N`.
 */
export async function killAtFileOperation(killAt: number): Promise<readonly string[]> {
  const calls: string[] = [];
  const wrap = (target: Patchable, name: string, label: (args: readonly unknown[]) => string) => {
    const original = target[name]!;
    target[name] = async function (this: unknown, ...args: unknown[]) {
      calls.push(label(args));
      if (calls.length === killAt) {
        if (name === 'write' || name === 'appendFile') await original.apply(this, firstHalf(name, args));
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => {});
      }
      return original.apply(this, args);
    };
  };
  const anyFile = await promises.open(devNull);
  const handlePrototype: Patchable = Object.getPrototypeOf(anyFile);
  await anyFile.close();
  for (const [name, path] of Object.entries(functions)) {
    wrap(promises as unknown as Patchable, name, (args) => `${name} ${fileName(args[path])}`);
  }
  for (const name of methods) wrap(handlePrototype, name, () => name);
  syncBuiltinESMExports();
  return calls;
}

/** Random parts and numbers are left out, so that equal steps of the work look alike. */
function fileName(path: unknown): string {
  return basename(String(path))
    .replace(/^(run\.lock)\..*/, '$1.*')
    .replace(/\d+/, 'N');
}

/** The arguments of `appendFile(data)` or `write(bytes, offset, length)` for half as many bytes. */
function firstHalf(name: 'write' | 'appendFile', args: readonly unknown[]): unknown[] {
  const [data, offset, length] = args as [Uint8Array, number, number];
  return name === 'write' ? [data, offset, length >> 1] : [data.subarray(0, data.length >> 1)];
}
