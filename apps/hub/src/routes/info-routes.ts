import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { addressSchema } from '@skein/alliance';
import { infoSchema, lookingSchema } from '@skein/client';
import { formatNoteKey } from '@skein/core';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { replies } from '../http/schemas.ts';
import type { HubServices } from '../hub-services.ts';

const infoRoute = createRoute({
  method: 'get',
  path: '/v1/info',
  summary: 'Chain, contracts, log key and clock',
  responses: replies('What a client must know first', infoSchema),
});

const healthSchema = z.strictObject({
  live: z.literal(true),
  ready: z.boolean(),
  database: z.strictObject({ ok: z.boolean() }),
  chain: z.strictObject({
    ok: z.boolean(),
    fault: z.string().nullable(),
    block: z.number().nullable(),
    silentSeconds: z.number(),
  }),
});

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  summary: 'Whether the hub lives, and whether database and chain are there; 503 while it is not ready',
  responses: {
    200: { description: 'Ready', content: { 'application/json': { schema: healthSchema } } },
    503: { description: 'Not ready', content: { 'application/json': { schema: healthSchema } } },
  },
});

const lookRoute = createRoute({
  method: 'post',
  path: '/v1/chain/look',
  summary: 'Have the hub look at the chain soon, after a transaction of one’s own; it looks by itself, too',
  responses: replies('It will', lookingSchema),
});

export function infoRoutes(app: OpenAPIHono, services: HubServices): void {
  const { db, chain, log, clock, coordinator, metrics, offersRpc } = services;
  app.openapi(infoRoute, (c) => {
    const { chainId, deployedAtBlock, ...contracts } = chain.book;
    const { token, staking, alliance, rewards, registry } = contracts;
    const address = (text: string) => addressSchema.parse(text);
    return c.json(
      {
        protocol: infoSchema.shape.protocol.value,
        version: manifest.version,
        chain: {
          chainId,
          token: address(token),
          staking: address(staking),
          alliance: address(alliance),
          rewards: address(rewards),
          registry: address(registry),
          deployedAtBlock,
        },
        rpcPath: offersRpc ? '/rpc' : null,
        operator: address(chain.account?.address ?? ''),
        logKey: formatNoteKey(log.key),
        chainTime: clock.now(),
      },
      200,
    );
  });
  app.openapi(healthRoute, async (c) => {
    const isUp = await db
      .selectFrom('identity')
      .select('key')
      .execute()
      .then(() => true)
      .catch(() => false);
    const state = coordinator.chainHealth();
    const ready = isUp && state.ok;
    const body = { live: true as const, ready, database: { ok: isUp }, chain: state };
    return ready ? c.json(body, 200) : c.json(body, 503);
  });
  app.openapi(lookRoute, (c) => {
    coordinator.lookAtChain();
    return c.json({ looking: true as const }, 200);
  });
  app.get('/metrics', async (c) => {
    return c.text(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType });
  });
}
