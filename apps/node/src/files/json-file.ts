import { readFile } from 'node:fs/promises';
import { BaseError } from '@skein/core';
import type { z } from 'zod';
import { writeSecretly } from './write-secretly.ts';

/**
 * Reads a JSON file that this program wrote or a person edited.
 * @returns null where there is no such file.
 * @throws BaseError `node/bad-file` with the place of the first fault.
 */
export async function readJsonFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const text = await readTextFile(path);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badFile(path, 'it is no JSON', cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badFile(path, `at ${issue?.path.join('.') || 'its root'}: ${issue?.message}`);
}

/** Replaces a JSON file so that a crash leaves the old or the new one; readable by its owner only. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeSecretly(path, [new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)]);
}

/** @returns null where there is no such file. */
export async function readTextFile(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function badFile(path: string, fault: string, cause?: unknown): BaseError {
  return new BaseError('node/bad-file', `${path} can't be used: ${fault}.`, {
    info: { path },
    hints: ['Mend the file by hand, or restore it from a backup.'],
    cause,
  });
}
