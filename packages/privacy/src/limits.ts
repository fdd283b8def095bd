/** Members for which every pair shares a mask (Bonawitz et al. 2017); above it a sparser graph is cheaper. */
export const MAX_COMPLETE_GRAPH_MEMBERS = 64;

/** Coordinates worked on at a time: 256 KiB of keystream stay in a core's second-level cache (measured: 1 MiB is half as fast). */
export const PIECE_ELEMENTS = 1 << 16;

/** Bytes of an upload under one leaf of its Merkle tree: the chunks in which blobs travel, so that both have one root. */
export const UPLOAD_LEAF_BYTES = 1 << 20;

/** Bits of a quantised value before it is summed. */
export const VALUE_BITS = 16;

/** Largest quantised value: 2^16 − 1. */
export const MAX_VALUE = 65535;

/** Independent challenges in the check of the sum: 8 of 16 bits let a wrong sum pass with 2^-128. */
export const CHALLENGE_COUNT = 8;

/** Members up to which every survivor has to sign the survivor set. */
export const EVERY_SURVIVOR_SIGNS_UP_TO = 5;

/** The next multiple of a cipher block of 16 bytes, as keystreams are read. */
export function wholeBlocks(byteCount: number): number {
  return Math.ceil(byteCount / 16) * 16;
}
