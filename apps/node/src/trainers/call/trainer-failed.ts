import { BaseError } from '@skein/core';

const HINTS = ['Look into the trainer’s own log.'];

/** The trainer isn't there, takes too long or says what nobody can read. @param where the address or program. */
export function trainerFailed(where: string, fault: string, cause?: unknown): BaseError {
  const info = { trainer: where };
  return new BaseError('node/trainer-failed', `The trainer ${where} failed: ${fault}.`, { info, hints: HINTS, cause });
}

/** The request reached the trainer, which would not carry it out: often because of what the request holds. */
export function trainerRefused(where: string, fault: string): BaseError {
  const info = { trainer: where };
  return new BaseError('node/trainer-refused', `The trainer ${where} refused: ${fault}.`, { info, hints: HINTS });
}

export function answerTooLong(where: string, answerBytes: number): BaseError {
  return trainerFailed(where, `its answer is longer than the ${answerBytes} bytes that one of this plan can have`);
}

/** @throws BaseError `node/trainer-failed` */
export function parseText(where: string, output: Buffer): unknown {
  try {
    return JSON.parse(output.toString('utf8'));
  } catch {
    // The parser's message would quote the output.
    throw trainerFailed(where, 'it answered something that is not JSON');
  }
}
