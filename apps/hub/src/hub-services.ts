import type { Chain } from '@skein/chain';
import type { BlobFolder } from './blobs/blob-folder.ts';
import type { ChainClock } from './chain/chain-clock.ts';
import type { Coordinator } from './coordinator/coordinator.ts';
import type { TransparencyLog } from './log/transparency-log.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { MessageDesk } from './relay/accept-message.ts';
import type { BlobDesk } from './relay/blob-desk.ts';
import type { EventFeed } from './relay/event-feed.ts';
import type { Traffic } from './relay/traffic.ts';
import type { Database } from './storage/database.ts';

/** Everything that routes work with. */
export interface HubServices {
  readonly db: Database;
  readonly chain: Chain;
  readonly clock: ChainClock;
  readonly log: TransparencyLog;
  readonly blobs: BlobFolder;
  readonly feed: EventFeed;
  readonly messages: MessageDesk;
  readonly blobDesk: BlobDesk;
  readonly traffic: Traffic;
  readonly coordinator: Coordinator;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Aborts when the hub shuts down; ends streams. */
  readonly signal: AbortSignal;
  /** Whether clients may reach the chain through `/rpc`. */
  readonly offersRpc: boolean;
}
