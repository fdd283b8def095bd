import { banks } from './banks.ts';
import { clinics } from './clinics.ts';
import type { Field } from './field.ts';
import { schools } from './schools.ts';

/** All lines of business, in the order of their folders' names. */
export const fields: readonly Field[] = [banks, clinics, schools];
