import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The small model of the repository. */
export const SHIPPED_MODEL = join(root, 'models', 'skein-small');

export const SAMPLE_FIELDS = ['clinics', 'schools', 'banks'] as const;
