import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { MAX_BATCH_CALLS, MAX_REQUEST_BYTES } from './limits.ts';
import type { RpcResult } from './json-rpc.ts';

/**
 * What strangers may ask of anvil. Everything else is refused: its own methods make money out of nothing, and filters
 * fill its memory.
 */
const passedOn: ReadonlySet<string> = new Set([
  'eth_blockNumber',
  'eth_call',
  'eth_chainId',
  'eth_estimateGas',
  'eth_feeHistory',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getBlockReceipts',
  'eth_getBlockTransactionCountByHash',
  'eth_getBlockTransactionCountByNumber',
  'eth_getCode',
  'eth_getLogs',
  'eth_getStorageAt',
  'eth_getTransactionByBlockHashAndIndex',
  'eth_getTransactionByBlockNumberAndIndex',
  'eth_getTransactionByHash',
  'eth_getTransactionCount',
  'eth_getTransactionReceipt',
  'eth_maxPriorityFeePerGas',
  'eth_syncing',
  'net_version',
  'web3_clientVersion',
]);

export interface RpcProxyOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Answers a method of the list above. */
  readonly pass: (method: string, params: readonly unknown[]) => Promise<RpcResult>;
  /** Methods that the proxy's owner answers itself. */
  readonly own: Readonly<Record<string, (params: readonly unknown[]) => Promise<RpcResult>>>;
}

export interface RpcProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws BaseError `chain/port-in-use` */
export async function startRpcProxy(options: RpcProxyOptions): Promise<RpcProxy> {
  const server = createServer((request, response) => void handle(options, request, response));
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function listen(server: Server, { host, port }: RpcProxyOptions): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new BaseError('chain/port-in-use', `The chain can't listen on ${host}:${port}.`, {
      info: { host, port, reason: (cause as NodeJS.ErrnoException).code },
      hints: ['Choose another port, or stop what listens there.'],
      cause,
    });
  }
}

const callSchema = z.object({
  id: z.union([z.string().max(100), z.number(), z.null()]).default(null),
  method: z.string().max(100),
  params: z.array(z.unknown()).max(10).default([]),
});
const requestSchema = z.union([callSchema, z.array(callSchema).min(1).max(MAX_BATCH_CALLS)]);

async function handle(options: RpcProxyOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A page may talk to the chain from anywhere: it can do nothing that a signature or the list doesn't allow.
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'content-type');
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end();
  const body = await readBody(request).catch(() => undefined);
  if (body === undefined) return void response.writeHead(413, { connection: 'close' }).end();
  const parsed = requestSchema.safeParse(parseJson(body));
  const answer = parsed.success
    ? await answerAll(options, parsed.data)
    : { jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'not a JSON-RPC request' } };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

async function answerAll(options: RpcProxyOptions, request: z.infer<typeof requestSchema>): Promise<unknown> {
  if (!Array.isArray(request)) return answerOne(options, request);
  const answers: unknown[] = [];
  for (const call of request) answers.push(await answerOne(options, call));
  return answers;
}

async function answerOne(options: RpcProxyOptions, call: z.infer<typeof callSchema>): Promise<unknown> {
  return { jsonrpc: '2.0', id: call.id, ...(await resultOf(options, call)) };
}

async function resultOf(
  { own, pass }: RpcProxyOptions,
  { method, params }: z.infer<typeof callSchema>,
): Promise<RpcResult> {
  try {
    if (Object.hasOwn(own, method)) return (await own[method]?.(params)) ?? { result: null };
    if (passedOn.has(method)) return await pass(method, presentTime(method, params));
    return { error: { code: -32_601, message: `the method ${method} is not available here` } };
  } catch (error) {
    return { error: { code: -32_603, message: String(error).split('\n')[0] ?? '' } };
  }
}

/**
 * anvil's latest block has the time of its last transaction, and calls at genesis see the year 1970: calls are made in
 * the block to come, which has the present time and, since each transaction is mined at once, the same state.
 */
function presentTime(method: string, params: readonly unknown[]): readonly unknown[] {
  if (method !== 'eth_call' && method !== 'eth_estimateGas') return params;
  const [call, block = 'latest'] = params;
  return [call, block === 'latest' ? 'pending' : block];
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_REQUEST_BYTES) throw new RangeError('request too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
