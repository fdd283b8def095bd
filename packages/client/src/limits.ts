/** How long a call goes on trying before it says that the hub can't be reached; a supervisor restarts a hub in seconds. */
export const PATIENCE_MS = 60_000;

/** One attempt, for each chunk of 1 MiB in it: longer means that nothing comes any more (140 kbit/s carry a chunk). */
export const ATTEMPT_TIMEOUT_MS = 60_000;

/** First pause between attempts and the longest; each pause is drawn from 0 to twice the one before. */
export const FIRST_PAUSE_MS = 200;
export const LONGEST_PAUSE_MS = 10_000;

/** Chunks in one request: fewer requests cost less, and no more than 8 MiB has to be sent again where one fails. */
export const CHUNKS_PER_REQUEST = 8;

/** Requests for chunks under way at once: enough to fill a link with 100 ms of delay, and 16 MiB of memory. */
export const PARALLEL_REQUESTS = 2;

/** The hub sends a heartbeat every 15 s; a stream silent for three of them is dead. */
export const STREAM_SILENCE_MS = 45_000;
