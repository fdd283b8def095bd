import { BaseError } from '@skein/core';
import type { Logger } from 'pino';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** Failures that are waited out: each kind is said once, and once again when it is over. */
export interface Outages {
  /** @returns how long to wait before the next try. */
  failed(error: unknown): number;
  /** Everything works again. */
  ended(): void;
}

/** @param random in [0, 1): so that many nodes don't come back in step. */
export function createOutages(logger: Logger, random: () => number = Math.random): Outages {
  let said: string | undefined;
  let failures = 0;
  return {
    failed(error) {
      const code = error instanceof BaseError ? error.code : 'node/fault';
      if (code !== said) {
        said = code;
        failures = 0;
        logger.warn({ code, ...(error instanceof BaseError ? { hints: error.hints } : {}) }, sentenceOf(error));
        if (!(error instanceof BaseError)) logger.error(error);
      }
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
      failures = Math.min(failures + 1, 16);
      return pauseMs * (0.5 + random() / 2);
    },
    ended() {
      if (said !== undefined) logger.info({ code: said }, 'That is over.');
      said = undefined;
      failures = 0;
    },
  };
}

/** The one sentence that an error is told in. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
