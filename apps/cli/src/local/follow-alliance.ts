import { setTimeout as delay } from 'node:timers/promises';
import type { RoundView } from '@skein/alliance';
import type { AllianceRecord, HubClient } from '@skein/client';
import { BaseError } from '@skein/core';

/** Between two looks; the hub answers in milliseconds, and a phase takes a second or more. */
const LOOK_EVERY_MS = 500;

/** What a look at an alliance saw. */
export interface Look {
  readonly alliance: AllianceRecord;
  /** Null between rounds. */
  readonly round: RoundView | null;
}

/** Looks at an alliance until it has ended. A hub that is away for a while is waited for. */
export async function followAlliance(
  hub: HubClient,
  id: string,
  { onLook, signal }: { readonly onLook: (look: Look) => void; readonly signal: AbortSignal },
): Promise<AllianceRecord> {
  for (;;) {
    signal.throwIfAborted();
    const look = await lookAt(hub, id);
    if (look !== null) {
      onLook(look);
      if (isOver(look)) return look.alliance;
    }
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** The hub knows of the end a moment before it has closed the last round. */
export function isOver({ alliance: { status }, round }: Look): boolean {
  return (status === 'finished' || status === 'cancelled') && (round === null || round.phase === 'closed');
}

async function lookAt(hub: HubClient, id: string): Promise<Look | null> {
  try {
    const alliance = await hub.alliance(id);
    const round = await hub.round(id).catch((error: unknown) => {
      if (error instanceof BaseError && error.code === 'hub/no-round') return null;
      throw error;
    });
    return { alliance, round };
  } catch (error) {
    if (error instanceof BaseError && error.code === 'client/unreachable') return null;
    throw error;
  }
}
