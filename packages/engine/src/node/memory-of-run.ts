import { z } from 'zod';
import type { MemoryUse } from '../models/estimate.ts';
import { readRunConfig } from './run-store.ts';

const schema = z.looseObject({ memory: z.literal('low').optional() });

/** What a run that was started in the directory uses: `describeRun` names it where it is `low`. */
export async function memoryOfRun(directory: string): Promise<MemoryUse | undefined> {
  const config = schema.safeParse(await readRunConfig(directory));
  return config.success ? (config.data.memory ?? 'fast') : undefined;
}
