export { dryRun, type DryRunOptions, type DryRunReport } from './api/dry-run.ts';
export { initNode, type InitNodeOptions } from './api/init-node.ts';
export { joinAlliance, type JoinOptions } from './api/join-alliance.ts';
export { leaveAlliance } from './api/leave-alliance.ts';
export { backUpKey, restoreKey, rotateKey, useKey } from './api/node-keys.ts';
export { openAggregate } from './api/open-aggregate.ts';
export { type AllianceStatus, type NodeStatus, nodeStatus } from './api/node-status.ts';
export { type AllianceReport, verifyAlliance, type VerifyOptions } from './api/verify-alliance.ts';
export {
  type NodeConfig,
  nodeConfigSchema,
  type Role,
  ROLES,
  type TrainerConfig,
  trainerConfigSchema,
} from './config/node-config.ts';
export { checkPolicy, type PlanUse, type Policy, policySchema, type Verdict } from './config/policy.ts';
export { type Membership, readMemberships } from './daemon/membership.ts';
export { runNode, type RunNodeOptions } from './daemon/run-node.ts';
export { trainingSeed } from './daemon/training-seed.ts';
export { type OpenedNode, openNode } from './open-node.ts';
export { localMethod, localSettings, SPLIT_SEED } from './trainers/engine/local-settings.ts';
export type { Check, RoundReport } from './verify/round-report.ts';
export { openChain, openHub, readInfo } from './connect.ts';
export { verifyEd25519 } from './log/verify-ed25519.ts';
export { findDataFiles } from './trainers/data-files.ts';
