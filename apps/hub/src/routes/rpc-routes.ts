import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Chain } from '@skein/chain';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { limitBody } from '../http/limit-body.ts';
import { readJson } from '../http/read-json.ts';
import { MAX_JSON_BYTES } from '../limits.ts';

/** Reading, and handing in what is signed. A node may offer more, for its operator alone. */
const ALLOWED: ReadonlySet<string> = new Set([
  'eth_blockNumber',
  'eth_call',
  'eth_chainId',
  'eth_estimateGas',
  'eth_feeHistory',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getCode',
  'eth_getLogs',
  'eth_getTransactionByHash',
  'eth_getTransactionCount',
  'eth_getTransactionReceipt',
  'eth_maxPriorityFeePerGas',
  'eth_sendRawTransaction',
  'net_version',
]);

const callSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string().max(100), z.number(), z.null()]),
  method: z.string().max(100),
  params: z.array(z.unknown()).max(10).optional(),
});
const requestSchema = z.union([callSchema, z.array(callSchema).min(1).max(100)]);

/** POST /rpc: the chain, for clients that only reach the hub. */
export function rpcRoutes(app: OpenAPIHono, chain: Chain): void {
  app.post('/rpc', limitBody(MAX_JSON_BYTES), async (c) => {
    const parsed = requestSchema.safeParse(await readJson(c));
    if (!parsed.success) throw new BaseError('hub/malformed', 'The request is no JSON-RPC 2.0 call.');
    const refused = [parsed.data].flat().find(({ method }) => !ALLOWED.has(method));
    if (refused !== undefined) {
      throw new BaseError('hub/method-refused', `The hub doesn't pass on ${JSON.stringify(refused.method)}.`);
    }
    const answer = await fetch(chain.rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(parsed.data),
      signal: c.req.raw.signal,
    }).catch((cause: unknown) => {
      throw new BaseError('hub/chain-down', 'The chain’s node doesn’t answer the hub.', { cause });
    });
    return c.body(await answer.text(), answer.ok ? 200 : 503, { 'content-type': 'application/json' });
  });
}
