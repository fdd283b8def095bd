/** How long a call goes on trying before it says that the hub can't be reached; a supervisor restarts a hub in seconds. */
export const PATIENCE_MS = 60_000;

/** One attempt, a chunk of 1 MiB included: longer means that nothing comes any more (140 kbit/s carry a chunk). */
export const ATTEMPT_TIMEOUT_MS = 60_000;

/** First pause between attempts and the longest; each pause is drawn from 0 to twice the one before. */
export const FIRST_PAUSE_MS = 200;
export const LONGEST_PAUSE_MS = 10_000;

/** Chunks under way at once: enough to fill a link with 100 ms of delay, and 4 MiB of memory. */
export const PARALLEL_CHUNKS = 4;

/** The hub sends a heartbeat every 15 s; a stream silent for three of them is dead. */
export const STREAM_SILENCE_MS = 45_000;
