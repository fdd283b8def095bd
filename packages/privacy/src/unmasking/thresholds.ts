import { EVERY_SURVIVOR_SIGNS_UP_TO, MAX_COMPLETE_GRAPH_MEMBERS } from '../limits.ts';

/** How many of a cohort each step needs. */
export interface Thresholds {
  /** Members whose keys stand in the log. */
  readonly members: number;
  /** Shares that give a secret back. */
  readonly shares: number;
  /** Survivors who must have signed one and the same survivor set. */
  readonly quorum: number;
  /** Whether, besides, every survivor must have signed. */
  readonly everySurvivorSigns: boolean;
  /** Survivors below which nothing is unmasked. */
  readonly minSurvivors: number;
}

/** What a plan says about its cohort. */
export interface ThresholdPlan {
  /** Members who may work for the server and be in the cohort, which the server chooses; a third of it by default. */
  readonly corrupt?: number;
  /** By default two more than the corrupt, and at least 3: the sum of two tells each the other's update. */
  readonly minSurvivors?: number;
}

/**
 * Thresholds on the complete graph. The quorum is more than (n + f) / 2: two different sets that both reach it would
 * share more than f signers, so an honest member would have signed both. Shares: a majority, and more than the corrupt.
 * @param members of the cohort, 2 … 64
 * @throws RangeError out of range.
 * @see Bonawitz et al. 2017, Practical Secure Aggregation, §6; decision 0004
 */
export function thresholdsOf(members: number, plan: ThresholdPlan = {}): Thresholds {
  if (!Number.isInteger(members) || members < 2 || members > MAX_COMPLETE_GRAPH_MEMBERS) {
    throw new RangeError(`A cohort has 2 to ${MAX_COMPLETE_GRAPH_MEMBERS} members, got ${members}`);
  }
  const { corrupt = Math.floor(members / 3), minSurvivors = Math.max(3, corrupt + 2) } = plan;
  if (!Number.isInteger(corrupt) || corrupt < 0 || corrupt >= members) {
    throw new RangeError(`Of ${members} members 0 to ${members - 1} may be corrupt, got ${corrupt}`);
  }
  if (!Number.isInteger(minSurvivors) || minSurvivors < 2 || minSurvivors > members) {
    throw new RangeError(`Survivors are at least 2 and at most the ${members} members, got ${minSurvivors}`);
  }
  return {
    members,
    shares: Math.max(Math.floor(members / 2), corrupt) + 1,
    quorum: Math.floor((members + corrupt) / 2) + 1,
    everySurvivorSigns: members <= EVERY_SURVIVOR_SIGNS_UP_TO,
    minSurvivors,
  };
}
