import { BaseError } from '@skein/core';
import type { Call } from './call-trainer.ts';

/** Reaches a container that serves FLock's `POST /call`. @param url the whole address, `/call` included. */
export function createHttpCall(url: string, timeoutMs: number): Call {
  return async (request, signal) => {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal: AbortSignal.any([signal, limit]),
      });
      if (response.ok) return await response.json();
      await response.body?.cancel();
      throw trainerFailed(url, `it answered ${request.method} with status ${response.status}`);
    } catch (cause) {
      if (cause instanceof BaseError) throw cause;
      signal.throwIfAborted();
      if (limit.aborted) throw trainerFailed(url, `${request.method} took longer than ${timeoutMs / 1000} s`);
      throw trainerFailed(url, `${request.method} could not be asked`, cause);
    }
  };
}

/** @param where the address or program. */
export function trainerFailed(where: string, fault: string, cause?: unknown): BaseError {
  return new BaseError('node/trainer-failed', `The trainer ${where} failed: ${fault}.`, {
    info: { trainer: where },
    hints: ['Look into the trainer’s own log.'],
    cause,
  });
}
