import { readFile } from 'node:fs/promises';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { PLAN_SETTINGS, type PlanSettings } from './plan-settings.ts';

const partSchema = z.record(z.string(), z.unknown());
const fileSchema = z.looseObject({ local: partSchema.optional(), phases: partSchema.optional() });

/**
 * The default settings with those of a JSON file over them, member by member, also within `local` and `phases`; the
 * other parts are of several kinds and are replaced whole. What they say is checked with the plan.
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
  if (!parsed.success) throw badSettings(file, 'is no JSON object of settings');
  const given = parsed.data as Partial<PlanSettings>;
  const local = { ...PLAN_SETTINGS.local, ...given.local };
  return { ...PLAN_SETTINGS, ...given, local, phases: { ...PLAN_SETTINGS.phases, ...given.phases } };
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
