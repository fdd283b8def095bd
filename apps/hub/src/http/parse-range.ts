import { BaseError } from '@skein/core';

/** Bytes from `start` up to, not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * A single range of RFC 9110 (`bytes=0-9`, `bytes=10-`, `bytes=-5`). Undefined without one, or where it asks for several
 * or in another unit: then the whole is sent, as the RFC allows.
 * @throws BaseError `hub/unsatisfiable-range` beyond the end
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteSpan | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (start < end) return { start, end };
  throw new BaseError('hub/unsatisfiable-range', `The blob has ${sizeBytes} bytes, and none of "${header}".`);
}
