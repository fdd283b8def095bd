import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { planSchema } from '@skein/alliance';
import { storedSchema } from '@skein/client';
import { BaseError, digestSchema } from '@skein/core';
import { z } from 'zod';
import { limitBody } from '../http/limit-body.ts';
import { readJson } from '../http/read-json.ts';
import { documentedBody, replies } from '../http/schemas.ts';
import type { HubServices } from '../hub-services.ts';
import { MAX_JSON_BYTES } from '../limits.ts';
import { acceptPlan } from '../relay/accept-plan.ts';
import { fromText } from '../storage/json.ts';

const params = z.object({ digest: digestSchema });

const putRoute = createRoute({
  method: 'put',
  path: '/v1/plans/{digest}',
  summary: 'Bring the plan that an alliance on the chain has named',
  middleware: [limitBody(MAX_JSON_BYTES)],
  request: { params, body: documentedBody('Plan') },
  responses: replies('It is here', storedSchema),
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/plans/{digest}',
  summary: 'A plan by its digest',
  request: { params },
  responses: replies('The plan', planSchema),
});

export function planRoutes(app: OpenAPIHono, { db, log, coordinator }: HubServices): void {
  app.openapi(putRoute, async (c) => {
    const alliances = await acceptPlan({ db, log }, c.req.valid('param').digest, await readJson(c));
    for (const id of alliances) coordinator.follow(id);
    return c.json({ stored: true as const }, 200);
  });
  app.openapi(getRoute, async (c) => {
    const { digest } = c.req.valid('param');
    const row = await db.selectFrom('plans').select('json').where('digest', '=', digest).executeTakeFirst();
    if (row === undefined) throw new BaseError('hub/no-plan', `Nobody has brought the plan ${digest} yet.`);
    return c.json(fromText(planSchema, row.json), 200);
  });
}
