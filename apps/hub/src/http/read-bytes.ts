import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/** The body as bytes, each piece straight to its place: `arrayBuffer()` joins them first and then copies the whole. */
export async function readBytes(c: Context): Promise<Uint8Array> {
  const { incoming } = c.env as Partial<HttpBindings>;
  const sizeBytes = Number(c.req.header('content-length') ?? Number.NaN);
  const isRaw = incoming !== undefined && !incoming.readableDidRead && Number.isSafeInteger(sizeBytes);
  if (!isRaw) return new Uint8Array(await c.req.arrayBuffer());
  const body = new Uint8Array(sizeBytes);
  let at = 0;
  for await (const piece of incoming as AsyncIterable<Uint8Array>) {
    // No longer than it says: Node's parser ends the body there.
    body.set(piece, at);
    at += piece.length;
  }
  return body.subarray(0, at);
}
