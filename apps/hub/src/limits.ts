/** Bodies of requests that are no chunk and no message: plans and queries are a few kilobytes. */
export const MAX_JSON_BYTES = 1024 * 1024;

/** A manifest of the largest blob: 16,384 digests of 74 bytes. */
export const MAX_MANIFEST_BYTES = 2 * 1024 * 1024;

/** Entries of the log in one reply: about a megabyte. */
export const MAX_LOG_ENTRIES = 1000;

/** Space that blobs leave free on the disk, so that the database can go on writing. */
export const RESERVED_DISK_BYTES = 64 * 1024 * 1024;

/** Manifests kept parsed in memory; the largest takes about 2 MB. */
export const MAX_CACHED_MANIFESTS = 64;

/** Proxies and browsers cut connections that are silent for half a minute or more. */
export const HEARTBEAT_MS = 15_000;

/** Events of other hub processes on the same database are seen this much later. */
export const EVENT_POLL_MS = 2_000;

/** Events read at once; a stream goes on with the next ones. */
export const MAX_EVENTS_AT_ONCE = 1000;

/** Events kept for clients that come back; who missed more reads everything anew anyway. */
export const MAX_KEPT_EVENTS = 10_000;

/** Blocks in one query for events: what public nodes allow. */
export const BLOCKS_PER_QUERY = 1000;

/** Between two looks at a chain on this machine, which mines at once. */
export const LOCAL_CHAIN_POLL_MS = 250;

/** Between two looks at another chain: a block takes 2 to 12 s there, and public nodes count requests. */
export const CHAIN_POLL_MS = 2_000;

/** Who says that something happened on the chain hastens the next look, but not more often than this share of a poll. */
export const HASTENED_POLL_SHARE = 1 / 10;

/** Rounds are looked at this often for deadlines, and at once when something happens. */
export const ADVANCE_MS = 1_000;

/** Longest pause between two looks at a chain that doesn't answer. */
export const LONGEST_CHAIN_PAUSE_MS = 10_000;

/** A transaction that was refused is tried again after this. */
export const KEEPER_RETRY_MS = 2_000;

/** Between two searches for blobs whose time is over. */
export const RETENTION_INTERVAL_MS = 10 * 60_000;

/** At the shutdown, requests under way may end for this long. */
export const SHUTDOWN_MS = 5_000;

/** Answers of the database that are remembered until the next write, each at most some hundred kilobytes. */
export const MAX_REMEMBERED_ANSWERS = 64;
