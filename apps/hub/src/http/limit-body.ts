import { BaseError } from '@skein/core';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

/** Refuses a larger body before it is read whole. */
export function limitBody(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new BaseError('hub/too-large', `The request’s body is larger than the ${maxSize} bytes allowed here.`);
    },
  });
}
