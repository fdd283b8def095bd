import { BaseError } from '@skein/core';
import type { Context } from 'hono';

/** The body as JSON, to be checked by whoever takes it. @throws BaseError `hub/malformed` */
export async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new BaseError('hub/malformed', 'The request’s body is no JSON.');
  }
}
