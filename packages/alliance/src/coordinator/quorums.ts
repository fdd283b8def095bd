import { thresholdsOf } from '@skein/privacy';
import type { Plan } from '../plan.ts';

/** Cohorts up to this size need the signature of every survivor. */
const EVERYBODY_SIGNS_UP_TO = 5;

/** Sums of two hide nothing from each other's members, as their plan says, and clear mode hides nothing at all. */
const hidesUpdates = ({ aggregation }: Plan) => aggregation.kind === 'secure' && aggregation.minSurvivors > 2;

/**
 * Members who may work with the hub, a third: of the whole alliance where updates are hidden, since the hub chooses the
 * cohort and so all of them may be in it; else of the cohort.
 * @param members of the alliance when the round was opened
 */
export function corruptMembers(plan: Plan, members: number, cohort: number): number {
  return Math.floor((hidesUpdates(plan) ? members : cohort) / 3);
}

/** Survivors that a sum needs: the corrupt subtract their own updates from it, and two must be left. */
export function survivorsNeeded(plan: Plan, members: number): number {
  const { minSurvivors } = plan.aggregation;
  return hidesUpdates(plan) ? Math.max(minSurvivors, Math.floor(members / 3) + 2) : minSurvivors;
}

/** Members that a round needs to start with. */
export function cohortNeeded(plan: Plan, members: number): number {
  return Math.max(2, plan.minMembers, survivorsNeeded(plan, members));
}

/**
 * Signatures on one survivor set that a round needs: more than (n + f) / 2, so that no two sets can both get there with f
 * members corrupt; up to 5 every survivor. The contract, which guards no secrets, takes the uploads' cohort and a third.
 * @param cohort n: in secure mode all who shared keys, since the hub may show each of them other uploads
 */
export function survivorQuorum(cohort: number, survivors: number, corrupt = Math.floor(cohort / 3)): number {
  const needed = Math.floor((cohort + corrupt) / 2) + 1;
  return cohort <= EVERYBODY_SIGNS_UP_TO ? Math.max(needed, survivors) : needed;
}

/** Signatures on one replay that let anybody refute a sum: more than two thirds of the survivors. */
export function refutationQuorum(survivors: number): number {
  return Math.floor((survivors * 2) / 3) + 1;
}

/** Opened shares that give a secret back, for secrets shared among `keyed` of the alliance's `members`. */
export function shareThreshold(plan: Plan, members: number, keyed: number): number {
  return thresholdsOf(keyed, { corrupt: corruptMembers(plan, members, keyed), minSurvivors: 2 }).shares;
}
