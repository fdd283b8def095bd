import { addressSchema, type Plan } from '@skein/alliance';
import { digestSchema } from '@skein/core';
import { z } from 'zod';
import { nameSchema } from './node-config.ts';

const hour = z.int().min(0).max(23);

/** What has to hold before a data folder is touched. What a rule doesn't mention is free. */
const ruleSchema = z.strictObject({
  /** Numbers of alliances in the contract. */
  alliances: z.array(z.string()).optional(),
  creators: z.array(addressSchema).optional(),
  baseModels: z.array(digestSchema).optional(),
  methods: z.array(z.enum(['ffa-lora', 'lora', 'full', 'custom'])).optional(),
  trainers: z.array(nameSchema).optional(),
  /** Only under secure aggregation. */
  secure: z.boolean().optional(),
  /** The smallest cohort among which an update may be hidden. */
  minCohort: z.int().positive().optional(),
  maxRounds: z.int().positive().optional(),
  /** Hours of the day, UTC, in which training may run; over midnight where `from` is above `to`. */
  hours: z.strictObject({ from: hour, to: hour }).optional(),
});

/** policy.json: the site's last word. The hub can't change it, and no plan gets past it. */
export const policySchema = z.strictObject({
  version: z.literal('policy/1'),
  /** What happens to plans on folders without a rule: the owner is asked when joining, or they are refused. */
  otherwise: z.enum(['ask', 'refuse']).default('ask'),
  /** By the data folder's name; "*" counts for every folder, beside its own rule. */
  folders: z.record(z.union([nameSchema, z.literal('*')]), ruleSchema).default({}),
});

export type Policy = z.infer<typeof policySchema>;
type Rule = z.infer<typeof ruleSchema>;

/** What somebody wants to do with a data folder. */
export interface PlanUse {
  readonly alliance: string;
  readonly creator: string;
  readonly plan: Plan;
  readonly folder: string;
  readonly trainer: string;
}

export type Verdict =
  | { readonly verdict: 'allowed' | 'ask' }
  /** `rule` is its place in policy.json. */
  | { readonly verdict: 'refused'; readonly rule: string; readonly reason: string };

/** Whether the policy lets a plan use a folder. */
export function checkPolicy(policy: Policy, use: PlanUse): Verdict {
  for (const folder of new Set(['*', use.folder])) {
    const rule = policy.folders[folder];
    const broken = rule === undefined ? undefined : brokenRule(rule, use);
    if (broken !== undefined) return { verdict: 'refused', rule: `folders.${folder}.${broken[0]}`, reason: broken[1] };
  }
  if (policy.folders[use.folder] !== undefined) return { verdict: 'allowed' };
  if (policy.otherwise === 'ask') return { verdict: 'ask' };
  return { verdict: 'refused', rule: 'otherwise', reason: `the folder "${use.folder}" has no rule` };
}

function brokenRule(rule: Rule, { alliance, creator, plan, trainer }: PlanUse): [keyof Rule, string] | undefined {
  const { baseModel, method, aggregation, minMembers, rounds } = plan;
  if (rule.alliances?.includes(alliance) === false) return ['alliances', `alliance ${alliance} isn't among them`];
  if (rule.creators?.some((known) => known === creator.toLowerCase()) === false) {
    return ['creators', `the creator ${creator} isn't among them`];
  }
  if (rule.baseModels?.includes(baseModel) === false)
    return ['baseModels', `the base model ${baseModel} isn't among them`];
  if (rule.methods?.includes(method.kind) === false) return ['methods', `the method ${method.kind} isn't among them`];
  if (rule.trainers?.includes(trainer) === false) return ['trainers', `the trainer "${trainer}" isn't among them`];
  if (rule.secure === true && aggregation.kind !== 'secure') return ['secure', 'updates would be sent in clear'];
  const cohort = Math.min(minMembers, aggregation.minSurvivors);
  if (rule.minCohort !== undefined && cohort < rule.minCohort) {
    return ['minCohort', `a round may count ${cohort} updates, fewer than ${rule.minCohort}`];
  }
  if (rule.maxRounds !== undefined && rounds > rule.maxRounds) {
    return ['maxRounds', `the plan has ${rounds} rounds, more than ${rule.maxRounds}`];
  }
  return undefined;
}

/** Whether training on this folder may run at this time. */
export function isTrainingHour(policy: Policy, folder: string, now: Date): boolean {
  const time = now.getUTCHours();
  return ['*', folder].every((name) => {
    const hours = policy.folders[name]?.hours;
    if (hours === undefined) return true;
    const { from, to } = hours;
    return from <= to ? from <= time && time < to : from <= time || time < to;
  });
}
