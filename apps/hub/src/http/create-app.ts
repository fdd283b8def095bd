import { OpenAPIHono } from '@hono/zod-openapi';
import { messageSchema, PROTOCOL, planSchema } from '@skein/alliance';
import { CHAIN_TIME_HEADER, PROTOCOL_HEADER } from '@skein/client';
import { BaseError } from '@skein/core';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { routePath } from 'hono/route';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import type { HubServices } from '../hub-services.ts';
import { allianceRoutes } from '../routes/alliance-routes.ts';
import { blobRoutes } from '../routes/blob-routes.ts';
import { eventRoutes } from '../routes/event-routes.ts';
import { infoRoutes } from '../routes/info-routes.ts';
import { logRoutes } from '../routes/log-routes.ts';
import { messageRoutes } from '../routes/message-routes.ts';
import { planRoutes } from '../routes/plan-routes.ts';
import { rpcRoutes } from '../routes/rpc-routes.ts';
import { errorReply } from './hub-error.ts';

/** The hub's HTTP interface. */
export function createApp(services: HubServices): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      const where = issue?.path.join('.') || 'its root';
      throw new BaseError('hub/malformed', `The request is wrong at ${where} (${result.target}): ${issue?.message}.`);
    },
  });
  app.use(observe(services));
  // Nothing here rests on cookies, so a page of any origin may read what everybody may.
  app.options('*', cors({ origin: '*', maxAge: 86_400 }));
  app.use(async (c, next) => {
    c.header('access-control-allow-origin', '*');
    c.header('access-control-expose-headers', `${CHAIN_TIME_HEADER},content-range`);
    await next();
  });
  app.use(checkProtocol);
  for (const [name, schema] of Object.entries({ Message: messageSchema, Plan: planSchema })) {
    const { $schema: _, ...described } = z.toJSONSchema(schema, { io: 'input' });
    app.openAPIRegistry.registerComponent(
      'schemas',
      name,
      described as Parameters<typeof app.openAPIRegistry.registerComponent<'schemas'>>[2],
    );
  }
  infoRoutes(app, services);
  planRoutes(app, services);
  allianceRoutes(app, services);
  messageRoutes(app, services);
  blobRoutes(app, services);
  logRoutes(app, services);
  eventRoutes(app, services);
  if (services.offersRpc) rpcRoutes(app, services.chain);
  app.doc31('/openapi.json', { openapi: '3.1.0', info: { title: 'Skein hub', version: manifest.version } });
  app.notFound(() => {
    throw new BaseError('hub/no-route', 'The hub has no such address.', {
      hints: ['GET /openapi.json lists them all.'],
    });
  });
  app.onError((error, c) => {
    const { status, body } = errorReply(error);
    if (status === 500) services.logger.error({ error, path: c.req.path }, 'A request failed.');
    // The rest of a body that is too large isn't read, so the connection can't carry another request.
    if (status === 413) c.header('connection', 'close');
    return c.json(body, status);
  });
  return app;
}

/** Chain's time on every response, errors included; duration and status for the metrics. */
function observe({ clock, metrics, logger }: HubServices): MiddlewareHandler {
  return async (c, next) => {
    const startMs = performance.now();
    // Set afterwards, it would make another response of the one that is there, and a stream of its body.
    c.header(CHAIN_TIME_HEADER, String(clock.now()));
    await next();
    const seconds = (performance.now() - startMs) / 1000;
    const labels = { method: c.req.method, route: routePath(c, -1), status: String(c.res.status) };
    metrics.requests.observe(labels, seconds);
    logger.debug({ ...labels, path: c.req.path, seconds }, 'request');
  };
}

const checkProtocol: MiddlewareHandler = async (c, next) => {
  const spoken = c.req.header(PROTOCOL_HEADER);
  if (spoken !== undefined && spoken !== PROTOCOL) {
    const message = `This hub speaks ${PROTOCOL}, and you speak ${JSON.stringify(spoken.slice(0, 40))}.`;
    throw new BaseError('hub/other-protocol', message, {
      hints: ['Use the same version of Skein as the hub; GET /v1/info without the header tells it.'],
    });
  }
  await next();
};
