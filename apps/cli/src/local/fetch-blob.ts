import type { HubClient } from '@skein/client';
import type { Digest } from '@skein/core';

/** A blob in memory, checked chunk by chunk against its root. */
export async function fetchBlob(hub: HubClient, root: Digest, signal?: AbortSignal): Promise<Uint8Array> {
  let whole = new Uint8Array();
  await hub.downloadBlob(
    root,
    {
      begin: (sizeBytes) => {
        whole = new Uint8Array(sizeBytes);
        return Promise.resolve();
      },
      write: ({ offset }, data) => {
        whole.set(data, offset);
        return Promise.resolve();
      },
    },
    { signal },
  );
  return whole;
}
