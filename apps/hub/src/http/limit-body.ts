import { BaseError } from '@skein/core';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

/** Refuses a larger body before it is read whole. */
export function limitBody(maxSize: number): MiddlewareHandler {
  const onError = (): never => {
    throw new BaseError('hub/too-large', `The request’s body is larger than the ${maxSize} bytes allowed here.`);
  };
  const limitUnknown = bodyLimit({ maxSize, onError });
  return async (c, next) => {
    const length = c.req.header('content-length');
    // Looking at the body, as bodyLimit does, makes a stream of it, which costs several times as much as reading it.
    if (length === undefined || c.req.header('transfer-encoding') !== undefined) return await limitUnknown(c, next);
    return Number(length) > maxSize ? onError() : await next();
  };
}
