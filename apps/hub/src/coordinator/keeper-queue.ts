import { type KeeperAction, MESSAGE_KINDS } from '@skein/alliance';
import type { Chain, Outcome } from '@skein/chain';
import type { BaseError } from '@skein/core';
import { act } from '../chain/keeper.ts';
import { fundOperator } from '../chain/operator-key.ts';
import { KEEPER_RETRY_MS } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Database } from '../storage/database.ts';
import { readMessages } from './round-facts.ts';

export interface KeeperQueue {
  /** Starts what isn't under way or was refused a moment ago. */
  wish(alliance: string, actions: readonly KeeperAction[]): void;
  /** Anything else that is sent from the operator's account, by a name for the log. */
  send(name: string, task: () => Promise<Outcome['status']>): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export interface KeeperParts {
  readonly db: Database;
  readonly chain: Chain;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
  /** Between two looks at the chain. */
  readonly pollMs: number;
  /** Called after each transaction. */
  readonly done: () => void;
}

/**
 * Sends transactions beside everything else, each once at a time. Nothing is remembered: what the chain still lacks is
 * wished again.
 */
export function createKeeperQueue(parts: KeeperParts): KeeperQueue {
  const underWay = new Map<string, Promise<void>>();
  const notBefore = new Map<string, number>();

  async function run(name: string, task: () => Promise<Outcome['status']>): Promise<void> {
    try {
      await ensureGas(parts);
      // Where it was done before, the hub has yet to see that on the chain; asking again at once would bring nothing new.
      if ((await task()) === 'already') notBefore.set(name, performance.now() + parts.pollMs);
      else parts.logger.info({ action: name }, 'The keeper has acted.');
    } catch (error) {
      if (parts.signal.aborted) return;
      notBefore.set(name, performance.now() + KEEPER_RETRY_MS);
      parts.metrics.keeperFailures.inc({ action: name.split(' ')[0] ?? name });
      const { code, message } = error as BaseError;
      parts.logger.warn(
        { action: name, code, reason: message },
        'A transaction did not go through; it is tried again.',
      );
    }
  }

  function send(name: string, task: () => Promise<Outcome['status']>): void {
    if (underWay.has(name) || parts.signal.aborted || performance.now() < (notBefore.get(name) ?? 0)) return;
    notBefore.delete(name);
    const running = run(name, task).finally(() => {
      underWay.delete(name);
      parts.done();
    });
    underWay.set(name, running);
  }

  return {
    send,
    wish(alliance, actions) {
      for (const action of actions) {
        send(`${action.kind} ${alliance}/${action.round}`, async () => {
          const place = { alliance, round: action.round, kinds: MESSAGE_KINDS };
          const messages = action.kind === 'refuteSum' ? await readMessages(parts.db, place) : [];
          return (await act(parts.chain, { alliance, action, messages, signal: parts.signal })).status;
        });
      }
    },
    async idle() {
      await Promise.allSettled(underWay.values());
    },
  };
}

/** A development chain gives gas to who asks; on others the transaction itself says what is missing. */
async function ensureGas({ chain, logger }: KeeperParts): Promise<void> {
  if (chain.account === undefined || (await fundOperator(chain, chain.account))) return;
  logger.warn({ operator: chain.account.address }, 'The operator’s account has little gas left.');
}
