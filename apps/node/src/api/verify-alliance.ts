import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Aggregate, addressSchema, type Plan } from '@skein/alliance';
import { type Chain, createChain, readAlliance, readRound } from '@skein/chain';
import { createHubClient, type HubClient } from '@skein/client';
import { BaseError, type Digest, parseNoteKey } from '@skein/core';
import { createChainPort } from '../chain/create-chain-port.ts';
import { openVerifiedLog, type VerifiedLog } from '../log/verified-log.ts';
import { openBlobStore } from '../storage/blob-store.ts';
import { createTransfers } from '../storage/transfers.ts';
import { readIfThere } from '../storage/read-if-there.ts';
import type { RoundReport } from '../verify/round-report.ts';
import { verifyRound } from '../verify/verify-round.ts';
import { assertPlanOnChain } from './assert-plan-on-chain.ts';

export interface VerifyOptions {
  readonly hub: string;
  /** An RPC address that the verifier trusts, not the hub's. */
  readonly rpc: string;
  readonly alliance: string;
  /** What is believed beforehand; from an address book or an invitation, never from the hub. */
  readonly pins: { readonly chainId: number; readonly contract: string; readonly logKey: string };
  /** Adds up opaque parameters; without it, their sums are not replayed (`openAggregate`). */
  readonly aggregate?: Aggregate | undefined;
  readonly allowPlainHttp?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onRound?: (report: RoundReport) => void;
}

export interface AllianceReport {
  readonly alliance: string;
  readonly chainId: number;
  readonly contract: string;
  readonly logKey: string;
  readonly plan: Plan;
  readonly planDigest: Digest;
  /** The verified state of the log, with its signature. */
  readonly log: { readonly size: number; readonly root: Digest };
  readonly rounds: readonly RoundReport[];
  /** The model that the contract names, which the last accepted round's replay gave. */
  readonly model: Digest;
  readonly ok: boolean;
}

/**
 * Replays every closed round of an alliance with no trust in the hub: from the chain, the members' signatures, the log
 * and the blobs. Downloads all uploads that are still kept.
 * @throws BaseError `node/other-plan`, `chain/wrong-chain`, `chain/not-deployed`, `node/split-log`, `node/unsigned-log`
 */
export async function verifyAlliance(options: VerifyOptions): Promise<AllianceReport> {
  const { alliance, pins, signal = new AbortController().signal } = options;
  const hub = createHubClient({ url: options.hub, allowInsecure: options.allowPlainHttp ?? false, signal });
  const info = await hub.info();
  const contract = addressSchema.parse(pins.contract);
  // Only chain id and contract of the book matter here, and both are pinned.
  const book = { ...info.chain, chainId: pins.chainId, alliance: contract } as never;
  const chain = createChain({ rpcUrl: options.rpc, book });
  const onChain = await readAlliance(chain, BigInt(alliance));
  if (onChain === undefined)
    throw new BaseError('node/no-alliance', `There is no alliance ${alliance} in ${contract}.`);
  const { plan } = await hub.alliance(alliance);
  if (plan === null) throw new BaseError('node/no-plan', `The hub has no plan of alliance ${alliance}.`);
  assertPlanOnChain(plan, onChain);
  const directory = await mkdtemp(join(tmpdir(), 'skein-verify-'));
  try {
    const log = await openVerifiedLog({ directory, hub, key: parseNoteKey(pins.logKey) });
    await log.advance(signal);
    const rounds = await verifyRounds({ options, chain, hub, log, plan, directory, signal });
    const ok = rounds.every((report) => report.ok);
    const { logKey, chainId } = pins;
    const { planDigest } = onChain.params;
    return { alliance, chainId, contract, logKey, plan, planDigest, log: log.seen, rounds, model: onChain.model, ok };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Verification {
  readonly options: VerifyOptions;
  readonly chain: Chain;
  readonly hub: HubClient;
  readonly log: VerifiedLog;
  readonly plan: Plan;
  readonly directory: string;
  readonly signal: AbortSignal;
}

async function verifyRounds(verification: Verification): Promise<RoundReport[]> {
  const { options, chain, hub, plan, directory, signal } = verification;
  const { alliance, pins, aggregate } = options;
  const blobs = await openBlobStore(join(directory, 'blobs'), createTransfers(hub));
  const read = (root: Digest) => readIfThere(blobs, root, signal);
  const port = createChainPort(chain, alliance);
  const whole = await port.alliance();
  const domain = { chainId: pins.chainId, contract: addressSchema.parse(pins.contract) };
  const rounds: RoundReport[] = [];
  for (let number = 1; number <= whole.round; number++) {
    const modelAfter = (await readRound(chain, BigInt(alliance), number))?.model;
    const round = await port.round(whole, number);
    if (round === null || modelAfter === undefined) break;
    const report = await verifyRound({ ...verification, domain, alliance, chain: round, modelAfter, read, aggregate });
    rounds.push(report);
    options.onRound?.(report);
    await blobs.keepOnly(new Set([plan.initialModel, modelAfter]));
  }
  return rounds;
}
