import type { HubAddress } from '../connect.ts';
import type { Transfers } from '../storage/transfers.ts';
import { createTaskThread } from './task-thread.ts';
import type { TransferTasks } from './transfer-thread.ts';

/** Transfers in a thread of their own. What is aborted is waited for: its file must not be written by two. */
export function startTransfers({ hub, allowPlainHttp }: HubAddress): Transfers & { close(): Promise<void> } {
  const thread = createTaskThread<TransferTasks>({
    file: new URL('./transfer-thread.ts', import.meta.url),
    data: { hub, allowPlainHttp } satisfies HubAddress,
    leavesAborted: false,
  });
  return {
    send: (blob, signal) => thread.run('send', blob, signal),
    bring: (blob, signal) => thread.run('bring', blob, signal),
    close: () => thread.close(),
  };
}
