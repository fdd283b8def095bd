import type { BlockHead, Chain } from '@skein/chain';

/** The chain's clock between two looks at it: what decides about deadlines. */
export interface ChainClock {
  /** Seconds since 1970. */
  now(): number;
  /** Takes the time of the block to come. @throws viem's error where the node doesn't answer. */
  follow(chain: Chain, head: BlockHead): Promise<void>;
}

/** Runs with this machine's clock until it has seen the chain's. */
export function createChainClock(): ChainClock {
  let aheadSeconds = 0;
  return {
    now: () => Math.floor(Date.now() / 1000) + aheadSeconds,
    async follow(chain, head) {
      const block = await chain.client.getBlock({ blockTag: 'pending' });
      const seconds = Number(block.timestamp) - Math.floor(Date.now() / 1000);
      // A node without a pending block gives its newest, which is as old as the last transaction, and says nothing.
      const isToCome = block.number === null || block.number > head.number;
      aheadSeconds = isToCome ? seconds : Math.max(0, seconds);
    },
  };
}
