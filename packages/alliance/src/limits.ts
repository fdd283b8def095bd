/** The survivors of a round are one 64-bit word on the chain, and the complete graph of masks costs n² messages. */
export const MAX_MEMBERS = 64;

/** A plan is a promise; one that nobody can live to see kept is a mistake. */
export const MAX_ROUNDS = 10_000;

/** A week: a phase longer than that is a forgotten unit. */
export const MAX_PHASE_SECONDS = 7 * 24 * 3600;

/** A message holds at most 64 encrypted shares of two secrets; blobs go another way. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** Chunks of a blob are its Merkle tree's leaves: 1 MiB is one request, and small enough to send again. */
export const BLOB_CHUNK_BYTES = 1024 * 1024;

/** Full weights of a 1B model in float32, and as much again for an outer optimiser. */
export const MAX_BLOB_BYTES = 16 * 1024 ** 3;

/** All members' opaque parameters go to a trainer as base64 in one JSON text, which V8 limits to 512 Mi characters. */
export const MAX_OPAQUE_BYTES = 256 * 1024 ** 2;

/** A member's clock may differ from the chain's by this much before it is told so. */
export const MAX_CLOCK_SKEW_SECONDS = 30;
