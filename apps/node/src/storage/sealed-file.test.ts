import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSealed, writeSealed } from './sealed-file.ts';

const key = new Uint8Array(32).fill(7);
const schema = z.strictObject({ secret: z.string() });
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-sealed-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

describe('a sealed file', () => {
  it('opens with its key only, and shows nothing', async () => {
    const path = join(directory, 'state');
    expect(await readSealed(path, key, schema)).toBeNull();
    await writeSealed(path, key, { secret: 'hidden words' });
    expect(await readSealed(path, key, schema)).toEqual({ secret: 'hidden words' });
    const bytes = await readFile(path);
    expect(bytes.toString('latin1')).not.toContain('hidden');
    expect((await stat(path)).mode & 0o777).toBe(0o600);

    const badFile = expect.objectContaining({ code: 'node/bad-file' });
    await expect(readSealed(path, key.with(0, 8), schema)).rejects.toThrow(badFile);
    for (const at of [0, 12, bytes.length - 1]) {
      await writeFile(path, bytes.with(at, bytes[at]! ^ 1));
      await expect(readSealed(path, key, schema)).rejects.toThrow(badFile);
    }
    await writeFile(path, bytes.subarray(0, 20));
    await expect(readSealed(path, key, schema)).rejects.toThrow(badFile);
  });
});
