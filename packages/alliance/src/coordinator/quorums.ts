import { thresholdsOf } from '@skein/privacy';

/** Cohorts up to this size need the signature of every survivor. */
const EVERYBODY_SIGNS_UP_TO = 5;

/**
 * Signatures on one survivor set that a candidate needs, as the contract counts them: more than (n + ⌊n/3⌋) / 2, so that
 * with a third of the cohort corrupt no two sets can both get there; up to 5 every survivor.
 * @param cohort members whose masks are in the uploads
 */
export function survivorQuorum(cohort: number, survivors: number): number {
  const needed = Math.floor((cohort + Math.floor(cohort / 3)) / 2) + 1;
  return cohort <= EVERYBODY_SIGNS_UP_TO ? Math.max(needed, survivors) : needed;
}

/** Signatures on one replay that let anybody refute a sum: more than two thirds of the survivors. */
export function refutationQuorum(survivors: number): number {
  return Math.floor((survivors * 2) / 3) + 1;
}

/** Opened shares that give a secret back, for secrets shared among `keyed` members. */
export function shareThreshold(keyed: number): number {
  return thresholdsOf(keyed, { minSurvivors: 2 }).shares;
}
