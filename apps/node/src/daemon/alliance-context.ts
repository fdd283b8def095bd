import type { Signer, SigningDomain } from '@skein/alliance';
import type { HubClient } from '@skein/client';
import type { Logger } from 'pino';
import type { ChainPort } from '../chain/chain-port.ts';
import type { NodeConfig, Role } from '../config/node-config.ts';
import type { Policy } from '../config/policy.ts';
import type { VerifiedLog } from '../log/verified-log.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import type { PlanTrainer } from '../trainers/plan-trainer.ts';
import type { Calculator } from './calculator.ts';
import type { Membership } from './membership.ts';
import type { startTransfers } from './start-transfers.ts';

/** Everything that the work for one alliance needs. */
export interface AllianceContext {
  /** The node's directory. */
  readonly directory: string;
  /** The alliance's folder in it. */
  readonly folder: string;
  readonly config: NodeConfig;
  readonly roles: ReadonlySet<Role>;
  readonly membership: Membership;
  readonly domain: SigningDomain;
  readonly signer: Signer;
  /** Seals the account's files. */
  readonly storageKey: Uint8Array;
  readonly hub: HubClient;
  readonly chain: ChainPort;
  readonly log: VerifiedLog;
  readonly blobs: BlobStore;
  readonly calculator: Calculator;
  /** What `blobs` goes through; its thread is to be closed. */
  readonly transfers: ReturnType<typeof startTransfers>;
  readonly logger: Logger;
  /** The policy file as it is now. */
  readonly readPolicy: () => Promise<Policy>;
  /** Opened at its first use, and checked against the plan. */
  readonly trainer: () => Promise<PlanTrainer>;
}
