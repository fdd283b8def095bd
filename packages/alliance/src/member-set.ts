import { compareCodePoints } from '@skein/core';
import type { Address } from './units.ts';

/** A member and its index on the chain, which is its bit in sets. */
export interface IndexedMember {
  readonly address: Address;
  /** 0 … 63 */
  readonly index: number;
}

/**
 * A set of members as the 64-bit map that the contract uses, in decimal.
 * @throws RangeError if somebody is no member
 */
export function memberSetOf(addresses: Iterable<Address>, members: readonly IndexedMember[]): string {
  let set = 0n;
  for (const address of addresses) {
    const member = members.find((candidate) => candidate.address === address);
    if (member === undefined) throw new RangeError(`${address} is no member`);
    set |= 1n << BigInt(member.index);
  }
  return set.toString();
}

/** The members of a set, in the order of their addresses; undefined where a bit is nobody's. */
export function addressesOf(set: string, members: readonly IndexedMember[]): Address[] | undefined {
  let rest = BigInt(set);
  const found: Address[] = [];
  for (const { address, index } of members) {
    const bit = 1n << BigInt(index);
    if ((rest & bit) === 0n) continue;
    rest &= ~bit;
    found.push(address);
  }
  return rest === 0n ? orderAddresses(found) : undefined;
}

/** Addresses in the order that everybody uses, each once. */
export function orderAddresses(addresses: Iterable<Address>): Address[] {
  return [...new Set(addresses)].sort(compareCodePoints);
}
