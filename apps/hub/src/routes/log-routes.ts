import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { checkpointSchema, logEntriesSchema, proofSchema } from '@skein/client';
import { BaseError, encodeBase64 } from '@skein/core';
import { z } from 'zod';
import { countParameter, replies } from '../http/schemas.ts';
import type { HubServices } from '../hub-services.ts';
import { MAX_LOG_ENTRIES } from '../limits.ts';
import { readOnce } from '../storage/database.ts';
import { consistencyProof, inclusionProof, logSize, readEntries } from '../log/log-store.ts';

const checkpointRoute = createRoute({
  method: 'get',
  path: '/v1/log/checkpoint',
  summary: 'The log as it is now, as a C2SP checkpoint',
  responses: replies('The checkpoint', checkpointSchema),
});

const inclusionRoute = createRoute({
  method: 'get',
  path: '/v1/log/inclusion',
  summary: 'That an entry is in the log of a size (RFC 9162 §2.1.3)',
  request: { query: z.object({ index: countParameter, size: countParameter }) },
  responses: replies('The proof', proofSchema),
});

const consistencyRoute = createRoute({
  method: 'get',
  path: '/v1/log/consistency',
  summary: 'That the log of one size is a beginning of that of another (RFC 9162 §2.1.4)',
  request: { query: z.object({ from: countParameter, to: countParameter }) },
  responses: replies('The proof', proofSchema),
});

const entriesRoute = createRoute({
  method: 'get',
  path: '/v1/log/entries',
  summary: `Entries start … end − 1 as they were hashed, at most ${MAX_LOG_ENTRIES}`,
  request: { query: z.object({ start: countParameter, end: countParameter }) },
  responses: replies('Entries in base64', logEntriesSchema),
});

export function logRoutes(app: OpenAPIHono, { db, log }: HubServices): void {
  const assertRange = async (isRight: boolean, end: number, what: string): Promise<void> => {
    const size = await readOnce(db, 'log size', () => logSize(db));
    if (isRight && end <= size) return;
    throw new BaseError('hub/bad-range', `There is no ${what}: the log has ${size} entries.`);
  };
  app.openapi(checkpointRoute, async (c) => c.json(await readOnce(db, 'checkpoint', () => log.checkpoint()), 200));
  app.openapi(inclusionRoute, async (c) => {
    const { index, size } = c.req.valid('query');
    await assertRange(index < size, size, `proof of entry ${index} in a log of ${size}`);
    const hashes = await readOnce(db, `inclusion ${index} ${size}`, () => inclusionProof(db, index, size));
    return c.json({ hashes }, 200);
  });
  app.openapi(consistencyRoute, async (c) => {
    const { from, to } = c.req.valid('query');
    await assertRange(from >= 1 && from <= to, to, `proof from ${from} to ${to} entries`);
    const hashes = await readOnce(db, `consistency ${from} ${to}`, () => consistencyProof(db, from, to));
    return c.json({ hashes }, 200);
  });
  app.openapi(entriesRoute, async (c) => {
    const { start, end } = c.req.valid('query');
    await assertRange(start <= end && end - start <= MAX_LOG_ENTRIES, end, `reply with entries ${start} to ${end}`);
    return c.json({ entries: (await readEntries(db, start, end)).map(encodeBase64) }, 200);
  });
}
