import { readFile } from 'node:fs/promises';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { PLAN_SETTINGS, type PlanSettings } from './plan-settings.ts';

const fileSchema = z.record(z.string(), z.unknown());

/**
 * The default settings with those of a JSON file over them, member by member. What they say is checked with the plan.
 * @throws BaseError `cli/bad-settings`
 */
export async function readSettings(file: string | undefined): Promise<PlanSettings> {
  if (file === undefined) return PLAN_SETTINGS;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw badSettings(file, 'can’t be read', cause);
  });
  const value: unknown = (() => {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw badSettings(file, 'is no JSON', cause);
    }
  })();
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) throw badSettings(file, 'is no JSON object');
  return { ...PLAN_SETTINGS, ...(parsed.data as Partial<PlanSettings>) };
}

function badSettings(file: string, fault: string, cause?: unknown): BaseError {
  return new BaseError('cli/bad-settings', `${file} ${fault}.`, {
    info: { file },
    hints: [
      'Write one JSON object with the settings of a plan that differ from the defaults; docs/alliance.md lists them.',
    ],
    cause,
  });
}
