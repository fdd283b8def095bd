import type { Plan } from '@skein/alliance';
import { digestOfBytes } from '@skein/core';
import { describe, expect, it } from 'vitest';
import { samplePlan } from '../testing/sample-plan.ts';
import { checkPolicy, isTrainingHour, policySchema } from './policy.ts';

const creator = `0x${'ab'.repeat(20)}`;
const use = (changes: Partial<Plan> = {}, folder = 'records') => ({
  alliance: '7',
  creator,
  plan: samplePlan(changes),
  folder,
  trainer: 'engine',
});
const policy = (rule: object, folder = 'records') =>
  policySchema.parse({ version: 'policy/1', folders: { [folder]: rule } });
const clear: Plan['aggregation'] = { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 1 };

describe('the policy', () => {
  it('asks where no rule names the folder, or refuses where it says so', () => {
    expect(checkPolicy(policySchema.parse({ version: 'policy/1' }), use())).toEqual({ verdict: 'ask' });
    const strict = policySchema.parse({ version: 'policy/1', otherwise: 'refuse' });
    expect(checkPolicy(strict, use())).toMatchObject({ verdict: 'refused', rule: 'otherwise' });
    expect(checkPolicy(policy({}, '*'), use())).toEqual({ verdict: 'ask' });
  });

  it('allows what keeps to every rule', () => {
    const rule = {
      alliances: ['7'],
      creators: [creator.toUpperCase().replace('0X', '0x')],
      methods: ['ffa-lora'],
      trainers: ['engine'],
      secure: true,
      minCohort: 3,
      maxRounds: 2,
    };
    expect(checkPolicy(policy(rule), use())).toEqual({ verdict: 'allowed' });
  });

  it.each<[string, object, Partial<Plan>]>([
    ['alliances', { alliances: ['8'] }, {}],
    ['creators', { creators: [`0x${'00'.repeat(20)}`] }, {}],
    ['baseModels', { baseModels: [digestOfBytes(new Uint8Array(2))] }, {}],
    ['methods', { methods: ['full'] }, {}],
    ['trainers', { trainers: ['mine'] }, {}],
    ['secure', { secure: true }, { aggregation: clear }],
    ['minCohort', { minCohort: 4 }, {}],
    ['minCohort', { minCohort: 2 }, { aggregation: clear }],
    ['maxRounds', { maxRounds: 1 }, {}],
  ])('refuses a plan that breaks %s and names it', (name, rule, changes) => {
    expect(checkPolicy(policy(rule), use(changes))).toMatchObject({
      verdict: 'refused',
      rule: `folders.records.${name}`,
    });
    expect(checkPolicy(policy(rule, '*'), use(changes))).toMatchObject({
      verdict: 'refused',
      rule: `folders.*.${name}`,
    });
  });

  it('keeps training to its hours, over midnight too', () => {
    const at = (rule: object, hour: number) =>
      isTrainingHour(policy(rule), 'records', new Date(Date.UTC(2026, 0, 1, hour)));
    const night = { hours: { from: 22, to: 6 } };
    expect([21, 22, 0, 5, 6].map((hour) => at(night, hour))).toEqual([false, true, true, true, false]);
    expect([8, 9, 16, 17].map((hour) => at({ hours: { from: 9, to: 17 } }, hour))).toEqual([false, true, true, false]);
  });
});
