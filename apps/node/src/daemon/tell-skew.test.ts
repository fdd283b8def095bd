import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CHAIN_TIME_HEADER, createHubClient } from '@skein/client';
import pino from 'pino';
import { expect, it } from 'vitest';
import { tellSkew } from './tell-skew.ts';

it('tells once of a clock that is an hour off, by what the hub says with every answer', async () => {
  const anHourAgo = Math.floor(Date.now() / 1000) - 3600;
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').setHeader(CHAIN_TIME_HEADER, anHourAgo);
    response.end('{"alliances": []}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const hub = createHubClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const lines: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const told = new Set<string>();
  tellSkew(hub.clockSkewSeconds(), logger, told);
  await hub.alliances();
  tellSkew(hub.clockSkewSeconds(), logger, told);
  tellSkew(hub.clockSkewSeconds(), logger, told);
  server.close().closeAllConnections();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ code: 'node/clock-skew' });
  expect(lines[0]?.['msg']).toMatch(/clock is 360\d s ahead of the chain's/);
});
