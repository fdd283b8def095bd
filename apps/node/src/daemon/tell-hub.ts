import type { AllianceContext } from './alliance-context.ts';

/** After a transaction: the hub need not wait for its poll of the chain. It sees it anyway, so a failure is left. */
export async function tellHub({ hub }: AllianceContext, signal: AbortSignal): Promise<void> {
  await hub.lookAtChain({ signal, patienceMs: 0 }).catch(() => undefined);
}
