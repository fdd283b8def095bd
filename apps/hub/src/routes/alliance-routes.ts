import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { roundViewSchema, viewOf } from '@skein/alliance';
import { allianceSchema, alliancesSchema, closedRoundsSchema } from '@skein/client';
import { BaseError } from '@skein/core';
import { allianceIds, findAlliance, findRound, type KnownAlliance, noAlliance } from '../coordinator/alliance-store.ts';
import { readFacts } from '../coordinator/round-facts.ts';
import { allianceParameter, countParameter, replies } from '../http/schemas.ts';
import type { HubServices } from '../hub-services.ts';
import { readOnce } from '../storage/database.ts';
import { allianceRecord, closedRounds } from './alliance-record.ts';

const listRoute = createRoute({
  method: 'get',
  path: '/v1/alliances',
  summary: 'All alliances, newest first',
  responses: replies('Alliances', alliancesSchema),
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/alliances/{id}',
  summary: 'One alliance',
  request: { params: allianceParameter },
  responses: replies('The alliance', allianceSchema),
});

const roundsRoute = createRoute({
  method: 'get',
  path: '/v1/alliances/{id}/rounds',
  summary: 'Closed rounds, oldest first',
  request: { params: allianceParameter },
  responses: replies('Rounds', closedRoundsSchema),
});

const currentRoute = createRoute({
  method: 'get',
  path: '/v1/alliances/{id}/round',
  summary: 'Where the round stands that was opened last',
  request: { params: allianceParameter },
  responses: replies('The round', roundViewSchema),
});

const roundRoute = createRoute({
  method: 'get',
  path: '/v1/alliances/{id}/rounds/{round}',
  summary: 'Where a round stands, or how it ended',
  request: { params: allianceParameter.extend({ round: countParameter }) },
  responses: replies('The round', roundViewSchema),
});

export function allianceRoutes(app: OpenAPIHono, { db, clock }: HubServices): void {
  const find = async (id: string): Promise<KnownAlliance> => {
    const found = await findAlliance(db, id);
    if (found === undefined) throw noAlliance(id);
    return found;
  };
  const view = async (id: string, wanted?: number) => {
    const { plan, reading } = await readOnce(db, `alliance ${id}`, () => find(id));
    const round = wanted ?? reading.round;
    const known = await readOnce(db, `round ${id} ${round}`, () => findRound(db, id, round));
    if (plan !== null && known !== undefined) {
      const facts = await readOnce(db, `facts ${id} ${round}`, () => readFacts(db, id, known.chain));
      return viewOf(plan, known.state, facts, clock.now());
    }
    const what = round === 0 ? 'has not had a round yet' : `has no round ${round} here`;
    throw new BaseError('hub/no-round', `Alliance ${id} ${what}.`, {
      hints: plan === null ? ['Bring its plan first: without it nobody knows the phases.'] : [],
    });
  };
  app.openapi(listRoute, async (c) => {
    const alliances = [];
    for (const id of await allianceIds(db)) alliances.push(await allianceRecord(db, await find(id)));
    return c.json({ alliances }, 200);
  });
  app.openapi(getRoute, async (c) => c.json(await allianceRecord(db, await find(c.req.valid('param').id)), 200));
  app.openapi(roundsRoute, async (c) => {
    const { id } = c.req.valid('param');
    await find(id);
    return c.json({ rounds: await closedRounds(db, id) }, 200);
  });
  app.openapi(currentRoute, async (c) => c.json(await view(c.req.valid('param').id), 200));
  app.openapi(roundRoute, async (c) => {
    const { id, round } = c.req.valid('param');
    return c.json(await view(id, round), 200);
  });
}
