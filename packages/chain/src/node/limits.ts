/** Bytes of a request to the chain's proxy: a transaction is at most 128 KiB, twice that in hexadecimal digits. */
export const MAX_REQUEST_BYTES = 1024 * 1024;

/** Calls in one JSON-RPC batch, so that one request can't occupy the node for long. */
export const MAX_BATCH_CALLS = 100;

/** Copies of the chain's state kept on disk; the journal reaches back behind all of them. */
export const KEPT_DUMPS = 3;

/** A dump costs 40 to 100 ms at 2,000 transactions; replaying this many takes a few seconds. */
export const TRANSACTIONS_PER_DUMP = 500;

/** How often one address may be funded on a development chain. */
export const MAX_FUNDINGS = 20;
/** What funding fills an address up to: gas for some ten thousand calls, and tokens (18 decimals) for pools and stakes. */
export const FUNDED_WEI = 10n ** 19n;
export const FUNDED_TOKENS = 10n ** 24n;
