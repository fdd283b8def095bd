import { BaseError } from '@skein/core';

/** What everything says that gets no answer from the chain's node. */
export function unreachableError(rpcUrl: string, cause: unknown): BaseError {
  // A URL may carry a key; its origin is enough to find the fault.
  const where = URL.canParse(rpcUrl) ? new URL(rpcUrl).origin : 'its address';
  return new BaseError('chain/unreachable', `The chain's node at ${where} does not answer.`, {
    info: { where },
    hints: ['Check that the node runs and that the RPC address is right; nothing was lost, so try again.'],
    cause,
  });
}
