import { addressSchema, digestOfPlan, type Plan } from '@skein/alliance';
import {
  type Chain,
  type Invitation,
  joinAlliance as join,
  readAlliance,
  readBond,
  readMembers,
  stake,
} from '@skein/chain';
import { BaseError } from '@skein/core';
import { checkPolicy, type Verdict } from '../config/policy.ts';
import { openChain, openHub, readInfo } from '../connect.ts';
import { refusedByPolicy } from '../daemon/assert-allowed.ts';
import { type Membership, readMembership, writeMembership } from '../daemon/membership.ts';
import { type OpenedNode, openNode } from '../open-node.ts';
import { assertInvited } from './assert-invited.ts';
import { assertPlanOnChain } from './assert-plan-on-chain.ts';
import { dataFolder, ENGINE, type TrainerChoice } from '../trainers/create-trainer.ts';
import { isEngine, openPlanTrainer } from '../trainers/open-plan-trainer.ts';

const FEWEST_EXAMPLES = 2;

export interface JoinOptions {
  readonly directory: string;
  /** The alliance's number in the contract. */
  readonly alliance: string;
  /** Name of the data folder in node.json. */
  readonly data: string;
  /** Folder of the base model; not for custom methods. */
  readonly model?: string | undefined;
  /** Name of a trainer in node.json; the built-in one where left out. */
  readonly trainer?: string | undefined;
  readonly invitation?: Invitation | undefined;
  /** Asked where the policy leaves the decision to the owner; shown the plan. */
  readonly consent: (plan: Plan) => Promise<boolean>;
  /** Whether to bring the stake up to what the plan asks. */
  readonly stake: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Joins an alliance: holds its plan against the contract, the policy, the base model and the data, sees to the stake,
 * sends the transaction, and notes the membership for the daemon. Safe to repeat after a crash.
 * @throws BaseError `node/other-plan`, `node/policy-refused`, `node/not-consented`, `node/no-data`, `engine/other-model`,
 *   `node/too-little-stake`, and those of the chain (`chain/bad-invitation`, `chain/wrong-chain` …)
 */
export async function joinAlliance(options: JoinOptions): Promise<Membership> {
  const { directory, alliance, data, signal, invitation } = options;
  const node = await openNode(directory);
  dataFolder(node.config, data);
  const hub = openHub(node.config, signal);
  const info = await readInfo(directory, hub);
  const address = (await readMembership(directory, alliance))?.address ?? node.keys.current;
  const chain = openChain(node.config, info, await node.keys.account(address));
  const { plan, creator } = await readPlan(
    chain,
    alliance,
    async () => (await hub.alliance(alliance, { signal })).plan,
  );
  await assertInvited(chain, plan, { invitation, creator });
  const trainer = options.trainer ?? ENGINE;
  const policy = await node.readPolicy();
  const consented = await settle(
    plan,
    checkPolicy(policy, { alliance, creator, plan, folder: data, trainer }),
    options,
  );
  const model = options.model ?? null;
  await tryTrainer(node, { plan, trainer, model, data });
  await seeToStake(chain, { node, plan, options });
  await join(chain, { alliance: BigInt(alliance), invitation, signal });
  const membership: Membership = {
    version: 'membership/1',
    alliance,
    address,
    creator,
    plan,
    planDigest: digestOfPlan(plan),
    model,
    data,
    trainer,
    consented,
    left: false,
  };
  await writeMembership(directory, membership);
  return membership;
}

async function readPlan(chain: Chain, alliance: string, fromHub: () => Promise<Plan | null>) {
  const onChain = await readAlliance(chain, BigInt(alliance));
  if (onChain === undefined) {
    throw new BaseError('node/no-alliance', `There is no alliance ${alliance} on chain ${chain.book.chainId}.`, {
      hints: ['Compare number and hub with the invitation.'],
    });
  }
  const plan = await fromHub();
  if (plan === null) {
    throw new BaseError('node/no-plan', `The hub has no plan of alliance ${alliance} yet.`, {
      hints: ['Ask the creator to bring the plan to this hub.'],
    });
  }
  assertPlanOnChain(plan, onChain);
  return { plan, creator: addressSchema.parse(onChain.creator) };
}

/** Whether model and data are what the plan needs, before anything is sent. */
async function tryTrainer({ directory, config }: OpenedNode, choice: TrainerChoice): Promise<void> {
  const opened = await openPlanTrainer(directory, config, choice);
  try {
    const examples = isEngine(opened) ? (await opened.preview()).examples : FEWEST_EXAMPLES;
    if (examples >= FEWEST_EXAMPLES) return;
    throw new BaseError('node/too-few-examples', `"${choice.data}" has ${examples} example that fits the plan.`, {
      hints: ['One part is trained on and another one kept back to vote with: two different examples are the least.'],
    });
  } finally {
    await opened.close();
  }
}

/** @returns whether the owner said yes in person. */
async function settle(plan: Plan, verdict: Verdict, { consent, data }: JoinOptions): Promise<boolean> {
  if (verdict.verdict === 'refused') throw refusedByPolicy(plan.name, verdict);
  if (verdict.verdict === 'allowed') return false;
  if (await consent(plan)) return true;
  throw new BaseError('node/not-consented', `Nobody has agreed that "${plan.name}" trains on "${data}".`, {
    hints: ['Nothing was sent.'],
  });
}

interface StakeSubject {
  readonly node: OpenedNode;
  readonly plan: Plan;
  readonly options: JoinOptions;
}

async function seeToStake(chain: Chain, { node, plan, options }: StakeSubject): Promise<void> {
  const address = chain.account!.address;
  const members = await readMembers(chain, BigInt(options.alliance));
  if (members.some(({ account, state }) => account === address && state === 'active')) return;
  // What other alliances hold doesn't count for this one; an aggregator's bond counts for all.
  const { locked } = await readBond(chain, address, 'trainer');
  const needed = [
    ['trainer', locked + BigInt(plan.stake)],
    ...(node.config.roles.includes('aggregate') ? [['aggregator', BigInt(plan.aggregatorStake)] as const] : []),
  ] as const;
  for (const [role, amount] of needed) {
    const { own } = await readBond(chain, address, role);
    if (own >= amount) continue;
    if (options.stake) await stake(chain, { role, amount, signal: options.signal });
    else {
      const held = role === 'trainer' && locked > 0n ? `, of which other alliances hold ${locked}` : '';
      const asked = role === 'trainer' ? plan.stake : plan.aggregatorStake;
      const message = `The plan asks a ${role} for a stake of ${asked}; ${address} has ${own}${held}.`;
      throw new BaseError('node/too-little-stake', message, {
        info: { role, needed: amount.toString(), own: own.toString() },
        hints: [`Stake the missing ${amount - own} first ("skein stake add").`],
      });
    }
  }
}
