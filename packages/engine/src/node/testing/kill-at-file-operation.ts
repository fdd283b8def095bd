import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { devNull } from 'node:os';

const functions = ['link', 'mkdir', 'open', 'readdir', 'readFile', 'rename', 'rm', 'writeFile'] as const;
const methods = ['appendFile', 'close', 'sync', 'truncate', 'write'] as const;

type AnyFunction = (...args: unknown[]) => Promise<unknown>;
type Patchable = Record<string, AnyFunction>;

/**
 * From now on counts this process's calls of `node:fs/promises` and ends it with SIGKILL at call number `killAt` (from
 * 1): before the call, or, where it writes to an open file, after half of the bytes. For tests of crashes; must run
 * before the modules under test are imported.
 * @returns a function that tells the number of calls so far.
 */
export async function killAtFileOperation(killAt: number): Promise<() => number> {
  let calls = 0;
  const wrap = (target: Patchable, name: string) => {
    const original = target[name]!;
    target[name] = async function (this: unknown, ...args: unknown[]) {
      calls++;
      if (calls === killAt) {
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
  for (const name of functions) wrap(promises as unknown as Patchable, name);
  for (const name of methods) wrap(handlePrototype, name);
  syncBuiltinESMExports();
  return () => calls;
}

/** The arguments of `appendFile(data)` or `write(bytes, offset, length)` for half as many bytes. */
function firstHalf(name: 'write' | 'appendFile', args: readonly unknown[]): unknown[] {
  const [data, offset, length] = args as [Uint8Array, number, number];
  return name === 'write' ? [data, offset, length >> 1] : [data.subarray(0, data.length >> 1)];
}
