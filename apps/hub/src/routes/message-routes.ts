import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { MAX_MESSAGE_BYTES, MESSAGE_KINDS, messageSchema } from '@skein/alliance';
import { messagesSchema, postedSchema } from '@skein/client';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { limitBody } from '../http/limit-body.ts';
import { readJson } from '../http/read-json.ts';
import { allianceParameter, countParameter, documentedBody, replies } from '../http/schemas.ts';
import type { HubServices } from '../hub-services.ts';
import { readOnce } from '../storage/database.ts';
import { fromText } from '../storage/json.ts';

const postRoute = createRoute({
  method: 'post',
  path: '/v1/alliances/{id}/messages',
  summary: 'Send a signed message; sending it again changes nothing',
  description: 'A second, different message of one sender for the same thing is refused with both as evidence (409).',
  // Canonical JSON is the shortest spelling: white space may double it.
  middleware: [limitBody(2 * MAX_MESSAGE_BYTES)],
  request: { params: allianceParameter, body: documentedBody('Message') },
  responses: replies('It is in the log', postedSchema),
});

const kindSchema = z.enum(MESSAGE_KINDS);

const listRoute = createRoute({
  method: 'get',
  path: '/v1/alliances/{id}/messages',
  summary: 'Accepted messages of a round, in the order of the log; `kind` may come several times',
  request: {
    params: allianceParameter,
    query: z.object({
      round: countParameter,
      kind: z.union([kindSchema, z.array(kindSchema)]).optional(),
      attempt: countParameter.optional(),
    }),
  },
  responses: replies('Messages', messagesSchema),
});

export function messageRoutes(app: OpenAPIHono, services: HubServices): void {
  const { db, messages, coordinator, metrics, traffic } = services;
  app.openapi(postRoute, async (c) => {
    const value = await readJson(c);
    try {
      const { message, status, logIndex } = await messages.accept(c.req.valid('param').id, value);
      metrics.messages.inc({ kind: message.kind, outcome: status });
      if (status === 'accepted') {
        traffic.countRound(message.alliance, message.round, JSON.stringify(message).length);
        coordinator.poke();
      }
      return c.json({ status, logIndex }, 200);
    } catch (error) {
      if (error instanceof BaseError) metrics.messages.inc({ kind: 'refused', outcome: error.code });
      throw error;
    }
  });
  app.openapi(listRoute, async (c) => {
    const { id } = c.req.valid('param');
    const { round, kind, attempt } = c.req.valid('query');
    const { list, sizeBytes } = await readOnce(db, `messages ${id} ${round} ${kind} ${attempt}`, async () => {
      let query = db.selectFrom('messages').select(['json', 'log_index']);
      query = query.where('alliance', '=', id).where('round', '=', round);
      if (kind !== undefined) query = query.where('kind', 'in', [kind].flat());
      if (attempt !== undefined) query = query.where('attempt', '=', attempt);
      const rows = await query.orderBy('log_index').execute();
      return {
        list: rows.map(({ json, log_index: logIndex }) => ({ message: fromText(messageSchema, json), logIndex })),
        sizeBytes: rows.reduce((sum, { json }) => sum + json.length, 0),
      };
    });
    traffic.countRound(id, round, sizeBytes);
    return c.json({ messages: list }, 200);
  });
}
