import { setTimeout as delay } from 'node:timers/promises';
import type { Plan } from '@skein/alliance';
import { type Chain, createAlliance } from '@skein/chain';
import type { HubClient } from '@skein/client';
import { BaseError, createMemorySource } from '@skein/core';
import type { PlanWithModel } from './make-plan.ts';
import { paramsOfPlan } from './plan-on-chain.ts';

interface Creation extends PlanWithModel {
  /** Who may join, where the plan has an allow-list. */
  readonly allowList: readonly `0x${string}`[];
  readonly signal?: AbortSignal | undefined;
}

/** Registers a plan on the chain, with its pool, and brings plan and initial model to the hub. Safe to repeat. */
export async function createOnChain(
  chain: Chain,
  hub: HubClient,
  { plan, initialModel, allowList, signal }: Creation,
): Promise<string> {
  const params = paramsOfPlan(plan, chain.book);
  const id = await createAlliance(chain, { params, allowList, signal });
  await bringPlan(hub, { plan, initialModel, signal });
  return id.toString();
}

/** A hub reads the chain every second or so; one that needs a minute is not following it. */
const HUB_PATIENCE_MS = 60_000;
const TRY_EVERY_MS = 300;

/** The hub takes a plan only once it has seen its digest on the chain, so this waits for it. */
async function bringPlan(
  hub: HubClient,
  { plan, initialModel, signal }: { plan: Plan; initialModel: Uint8Array; signal?: AbortSignal | undefined },
): Promise<void> {
  const deadlineMs = performance.now() + HUB_PATIENCE_MS;
  for (;;) {
    try {
      await hub.putPlan(plan, { signal });
      break;
    } catch (error) {
      const isEarly = error instanceof BaseError && error.code === 'hub/unknown-plan';
      if (!isEarly || performance.now() > deadlineMs) throw error;
      await delay(TRY_EVERY_MS, undefined, signal && { signal });
    }
  }
  await hub.uploadBlob(createMemorySource(initialModel), { signal });
}
