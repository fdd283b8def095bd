import { BaseError } from '@skein/core';
import type { Call } from './call-trainer.ts';
import { answerTooLong, parseText, trainerFailed, trainerRefused } from './trainer-failed.ts';

export interface CallLimits {
  readonly timeoutMs: number;
  /** Longest answer that is read. */
  readonly answerBytes: number;
}

/** Answers of whoever stands before a container that isn't up. */
const NOT_THERE: readonly number[] = [404, 429, 502, 503, 504];

/** Reaches a container that serves FLock's `POST /call`. @param url the whole address, `/call` included. */
export function createHttpCall(url: string, { timeoutMs, answerBytes }: CallLimits): Call {
  return async (request, signal) => {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal: AbortSignal.any([signal, limit]),
      });
      if (response.ok) return parseText(url, await readAnswer(url, response, answerBytes));
      await response.body?.cancel();
      const fault = `it answered ${request.method} with status ${response.status}`;
      throw NOT_THERE.includes(response.status) ? trainerFailed(url, fault) : trainerRefused(url, fault);
    } catch (cause) {
      if (cause instanceof BaseError) throw cause;
      signal.throwIfAborted();
      if (limit.aborted) throw trainerFailed(url, `${request.method} took longer than ${timeoutMs / 1000} s`);
      throw trainerFailed(url, `${request.method} could not be asked`, cause);
    }
  };
}

async function readAnswer(url: string, { body }: Response, answerBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of body ?? []) {
    sizeBytes += piece.length;
    if (sizeBytes > answerBytes) throw answerTooLong(url, answerBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
