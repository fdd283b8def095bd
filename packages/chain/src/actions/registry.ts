import type { Digest } from '@skein/core';
import { type Address, zeroAddress } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import { digestFromBytes32, digestToBytes32 } from '../digest-bytes.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { registryAbi } from '../generated/registry-abi.ts';
import { read } from '../read.ts';

export interface PublishedModel {
  readonly publisher: Address;
  /** Counts from 1. */
  readonly version: number;
  readonly model: Digest;
}

/** @returns undefined for a name under which nothing was published */
export async function readPublishedModel(chain: Chain, name: string): Promise<PublishedModel | undefined> {
  const of = { address: chain.book.registry, abi: registryAbi } as const;
  const entry = await read(chain, { ...of, functionName: 'entryOf', args: [name] });
  if (entry.publisher === zeroAddress) return undefined;
  return { publisher: entry.publisher, version: Number(entry.version), model: digestFromBytes32(entry.model) };
}

/**
 * Points a name to a model; the first to use a name owns it.
 * @param name 1 to 96 characters of a–z, 0–9, `-`, `_`, `.`, `/`
 * @throws BaseError as `ensure`; `chain/not-publisher`, `chain/bad-name`
 */
export function publishModel(
  chain: Chain,
  { name, model, signal }: { readonly name: string; readonly model: Digest } & SendOptions,
): Promise<Outcome> {
  const publisher = senderOf(chain).address;
  return ensure(chain, {
    isDone: async () => {
      const known = await readPublishedModel(chain, name);
      return known?.publisher === publisher && known.model === model;
    },
    call: async () => ({
      address: chain.book.registry,
      abi: registryAbi,
      functionName: 'publish',
      args: [name, BigInt((await readPublishedModel(chain, name))?.version ?? 0), digestToBytes32(model)],
    }),
    signal,
  });
}

/** A log's largest anchored checkpoint. */
export interface LogAnchor {
  readonly size: number;
  readonly root: Digest;
  /** Seconds since 1970, by the block that holds it. */
  readonly anchoredAt: number;
}

/** @param origin SHA-256 of the log's origin line. @returns undefined where the publisher anchored none */
export async function readAnchor(chain: Chain, publisher: Address, origin: Digest): Promise<LogAnchor | undefined> {
  const of = { address: chain.book.registry, abi: registryAbi } as const;
  const anchor = await read(chain, { ...of, functionName: 'anchorOf', args: [publisher, digestToBytes32(origin)] });
  if (anchor.size === 0n) return undefined;
  const { size, root, anchoredAt } = anchor;
  return { size: Number(size), root: digestFromBytes32(root), anchoredAt: Number(anchoredAt) };
}

/** Anchors a log's checkpoint. @throws BaseError as `ensure`; `chain/not-larger` where a larger one is anchored already */
export function anchorLog(
  chain: Chain,
  {
    origin,
    size,
    root,
    signal,
  }: { readonly origin: Digest; readonly size: number; readonly root: Digest } & SendOptions,
): Promise<Outcome> {
  const publisher = senderOf(chain).address;
  return ensure(chain, {
    isDone: async () => {
      const known = await readAnchor(chain, publisher, origin);
      return known?.size === size && known.root === root;
    },
    call: () => ({
      address: chain.book.registry,
      abi: registryAbi,
      functionName: 'anchor',
      args: [digestToBytes32(origin), BigInt(size), digestToBytes32(root)],
    }),
    signal,
  });
}
