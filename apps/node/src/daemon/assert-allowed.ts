import { BaseError } from '@skein/core';
import { checkPolicy, isTrainingHour } from '../config/policy.ts';
import type { AllianceContext } from './alliance-context.ts';

/**
 * The site's last word, asked again before each time that data are touched.
 * @throws BaseError `node/policy-refused`, `node/not-consented`, `node/outside-hours`
 */
export async function assertAllowed({ readPolicy, membership }: AllianceContext, now: Date): Promise<void> {
  const { alliance, creator, plan, data: folder, trainer, consented } = membership;
  const policy = await readPolicy();
  const verdict = checkPolicy(policy, { alliance, creator, plan, folder, trainer });
  if (verdict.verdict === 'refused') throw refusedByPolicy(plan.name, verdict);
  if (verdict.verdict === 'ask' && !consented) {
    throw new BaseError('node/not-consented', `Nobody has agreed yet that "${plan.name}" trains on "${folder}".`, {
      hints: ['Agree when joining, or add a rule for the folder to policy.json.'],
    });
  }
  if (isTrainingHour(policy, folder, now)) return;
  throw new BaseError('node/outside-hours', `policy.json lets nothing train on "${folder}" at this hour.`, {
    hints: ['Change "hours" in policy.json; the round is taken up where its phase still lasts.'],
  });
}

export function refusedByPolicy(plan: string, verdict: { readonly rule: string; readonly reason: string }): BaseError {
  const message = `The plan "${plan}" breaks ${verdict.rule} of policy.json: ${verdict.reason}.`;
  return new BaseError('node/policy-refused', message, {
    info: { rule: verdict.rule },
    hints: ['Only the owner of this node can change its policy.json.'],
  });
}
