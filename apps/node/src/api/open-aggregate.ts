import { type Aggregate, opaqueRule } from '@skein/alliance';
import { readMembership } from '../daemon/membership.ts';
import { openNode } from '../open-node.ts';
import { createPlanTrainer } from '../trainers/plan-trainer.ts';
import { openPlanTrainer } from '../trainers/open-plan-trainer.ts';

/**
 * This node's own trainer as what adds up an alliance's opaque parameters; undefined where the plan has none, or the node
 * is no member.
 * @throws BaseError `node/unknown-trainer`
 */
export async function openAggregate(
  directory: string,
  alliance: string,
  signal: AbortSignal,
): Promise<Aggregate | undefined> {
  const membership = await readMembership(directory, alliance);
  if (membership === null || opaqueRule(membership.plan) === null) return undefined;
  const { config } = await openNode(directory);
  const trainer = createPlanTrainer(membership.plan, await openPlanTrainer(directory, config, membership));
  return trainer.aggregate && ((parameters) => trainer.aggregate!(parameters, signal));
}
