import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { findAlliance, noAlliance } from '../coordinator/alliance-store.ts';
import { allianceParameter } from '../http/schemas.ts';
import type { HubServices } from '../hub-services.ts';
import { HEARTBEAT_MS, MAX_EVENTS_AT_ONCE } from '../limits.ts';

const route = createRoute({
  method: 'get',
  path: '/v1/alliances/{id}/events',
  summary: 'What changes in an alliance, as server-sent events; Last-Event-ID goes on from there',
  request: { params: allianceParameter },
  responses: { 200: { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' } } } } },
});

export function eventRoutes(app: OpenAPIHono, { db, feed, signal: shutdown }: HubServices): void {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    if ((await findAlliance(db, id)) === undefined) throw noAlliance(id);
    const newest = await feed.newest();
    const asked = Number(c.req.header('last-event-id') ?? Number.NaN);
    // A number beyond the newest comes from another database.
    let last = Number.isInteger(asked) && asked >= 0 && asked <= newest ? asked : newest;
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const signal = AbortSignal.any([gone.signal, shutdown]);
      let spokenMs = 0;
      while (!signal.aborted) {
        if (performance.now() - spokenMs > HEARTBEAT_MS || spokenMs === 0) {
          await stream.write(': still here\n\n');
          spokenMs = performance.now();
        }
        // Asked for before the events are read, so that none falls in between.
        const change = feed.changed(signal);
        const events = await feed.after(id, last);
        for (const event of events) {
          await stream.writeSSE({ id: String(event.id), data: JSON.stringify(event) });
          last = event.id;
        }
        if (events.length < MAX_EVENTS_AT_ONCE) await change;
      }
    });
  });
}
