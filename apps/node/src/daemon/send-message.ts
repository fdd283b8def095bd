import { signMessage, type Unsigned } from '@skein/alliance';
import { BaseError } from '@skein/core';
import type { RoundWork } from './round-work.ts';
import { tell } from './tell.ts';

/**
 * Signs a message once, keeps the signed bytes, and sends them; after a crash the same bytes again. What the hub refuses
 * for good (too late, not its turn) is told and left, since the round goes on without it.
 */
export async function sendMessage(work: RoundWork, unsigned: Unsigned, signal: AbortSignal): Promise<void> {
  const { context, folder } = work;
  const { domain, signer, hub } = context;
  const message = await folder.signedOnce(unsigned, (wanted) => signMessage(domain, wanted, signer));
  try {
    await hub.postMessage(message, { signal });
  } catch (error) {
    if (!(error instanceof BaseError) || !error.code.startsWith('hub/') || isTransient(error)) throw error;
    const sentence = `The hub refuses my ${message.kind}: ${error.message}`;
    await tell(work, { code: error.code, sentence, evidence: error.info['evidence'] });
  }
}

/** A hub that is ill says 5xx; what it says of the message itself is 4xx. */
function isTransient({ info }: BaseError): boolean {
  const status = Number(info['status'] ?? 500);
  return status >= 500 || status === 429;
}
