import { PROTOCOL } from '@skein/alliance';
import { BaseError } from '@skein/core';
import type { z } from 'zod';
import { CHAIN_TIME_HEADER, errorSchema, PROTOCOL_HEADER } from './api.ts';
import { pauseMs, wait } from './backoff.ts';
import { ATTEMPT_TIMEOUT_MS, PATIENCE_MS } from './limits.ts';

/** What every call of the client takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** For how long to try again after network errors and 5xx; 60 s unless told. 0 tries once. */
  readonly patienceMs?: number | undefined;
}

export interface HubRequest extends CallOptions {
  readonly method?: 'GET' | 'PUT' | 'POST';
  /** From the base address on, with its query. */
  readonly path: string;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Limit of one attempt, its body included. */
  readonly attemptMs?: number;
}

export interface Transport {
  /** The body of a 2xx status as JSON. @throws BaseError with the hub's code, `client/unreachable`, `client/bad-reply` */
  json<Schema extends z.ZodType>(request: HubRequest, schema: Schema): Promise<z.output<Schema>>;
  /** The body as bytes, so many or fewer. @throws BaseError `client/bad-reply` for more */
  bytes(request: HubRequest, sizeBytes: number): Promise<Uint8Array>;
  /** The response with its body still to be read, for as long as `signal` lets it. */
  stream(request: HubRequest): Promise<Response>;
  /** Own clock minus the chain's at the last response, in seconds; null before one that told it. */
  clockSkewSeconds(): number | null;
}

export interface TransportOptions {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal | undefined;
  readonly patienceMs: number | undefined;
}

/** Sends requests, again after a pause where that can help. Every request of ours is idempotent. */
export function createTransport(options: TransportOptions): Transport {
  let skewSeconds: number | null = null;

  async function attempt(request: HubRequest, signal: AbortSignal | undefined): Promise<Response> {
    const { method = 'GET', json, bytes, headers = {} } = request;
    // No source reads into shared memory, the only kind that fetch wouldn't take.
    const body = json === undefined ? (bytes as Uint8Array<ArrayBuffer> | undefined) : JSON.stringify(json);
    const type = json === undefined ? 'application/octet-stream' : 'application/json';
    const response = await options.fetch(options.url + request.path, {
      method,
      headers: { [PROTOCOL_HEADER]: PROTOCOL, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      redirect: 'error',
      signal: signal ?? null,
      ...(body === undefined ? {} : { body }),
    });
    const chainTime = Number(response.headers.get(CHAIN_TIME_HEADER) ?? Number.NaN);
    if (Number.isFinite(chainTime)) skewSeconds = Date.now() / 1000 - chainTime;
    return response;
  }

  /** @param attemptMs limit of one attempt, its body included; null for a stream. */
  async function send<Result>(
    request: HubRequest,
    attemptMs: number | null,
    read: (response: Response) => Promise<Result>,
  ): Promise<Result> {
    const signal = joinSignals(options.signal, request.signal);
    const until = performance.now() + (request.patienceMs ?? options.patienceMs ?? PATIENCE_MS);
    for (let attempts = 0; ; attempts++) {
      const limit = attemptMs === null ? undefined : AbortSignal.timeout(attemptMs);
      const outcome = await attempt(request, joinSignals(signal, limit))
        .then(async (response) => (response.ok ? { result: await read(response) } : errorOf(response)))
        .catch((error: unknown) => ({ failure: error, final: error instanceof BaseError }));
      if ('result' in outcome) return outcome.result;
      signal?.throwIfAborted();
      if (outcome.final) throw outcome.failure;
      const pause = pauseMs(attempts);
      if (performance.now() + pause > until) throw unreachable(options.url, attempts + 1, outcome.failure);
      await wait(pause, signal);
    }
  }

  return {
    json: (request, schema) =>
      send(request, limitOf(request), async (response) => parseReply(await response.text(), schema, request.path)),
    bytes: (request, sizeBytes) => send(request, limitOf(request), (response) => readBytes(response, sizeBytes)),
    stream: (request) => send(request, null, async (response) => response),
    clockSkewSeconds: () => skewSeconds,
  };
}

function limitOf({ attemptMs = ATTEMPT_TIMEOUT_MS }: HubRequest): number {
  return attemptMs;
}

export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const present = signals.filter((signal) => signal !== undefined);
  return present.length > 1 ? AbortSignal.any(present) : present[0];
}

/** 501 and 507 say that it won't be better soon: a full disk needs somebody to free space. */
function isFinal(status: number): boolean {
  return status !== 429 && (status < 500 || status === 501 || status === 507);
}

interface Failure {
  readonly failure: unknown;
  /** Trying again is no use. */
  readonly final: boolean;
}

async function errorOf(response: Response): Promise<Failure> {
  const parsed = errorSchema.safeParse(parseJson(await response.text())).data;
  const { status } = response;
  const final = isFinal(status);
  if (parsed !== undefined) {
    const { code, message, hints, evidence } = parsed;
    return { failure: new BaseError(code, message, { hints, info: { status, ...(evidence && { evidence }) } }), final };
  }
  const message = `The hub answered with status ${status} and no word of its own.`;
  const hints = ['Make sure that the address is a hub’s; a proxy in between may have answered.'];
  return { failure: new BaseError('client/bad-reply', message, { info: { status }, hints }), final };
}

/** Piece by piece into one array: `arrayBuffer()` keeps all pieces first, however many come, and then joins them. */
async function readBytes(response: Response, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  const reader = response.body?.getReader();
  if (reader === undefined) return bytes.subarray(0, at);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, at);
    if (at + value.length > sizeBytes) {
      await reader.cancel();
      const message = `The hub’s answer to ${response.url} is longer than the ${sizeBytes} bytes that were asked for.`;
      throw new BaseError('client/bad-reply', message, { info: { url: response.url } });
    }
    bytes.set(value, at);
    at += value.length;
  }
}

function parseReply<Schema extends z.ZodType>(text: string, schema: Schema, path: string): z.output<Schema> {
  const result = schema.safeParse(parseJson(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') || 'its root';
  throw new BaseError('client/bad-reply', `The hub’s answer to ${path} is wrong at ${where}: ${issue?.message}.`, {
    info: { path },
    hints: ['Make sure that hub and client are of the same version.'],
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(url: string, attempts: number, cause: unknown): BaseError {
  if (cause instanceof BaseError) return cause;
  const tried = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
  const reason = networkReason(cause);
  return new BaseError(
    'client/unreachable',
    `The hub at ${url} could not be reached in ${tried}${reason && ` (${reason})`}.`,
    {
      info: { url, attempts },
      hints: [
        'Make sure that the hub runs and that the address is right.',
        ...(/CERT|SIGNATURE/.test(reason)
          ? ['Node trusts a certificate of your own if NODE_EXTRA_CA_CERTS names its file.']
          : []),
      ],
      cause,
    },
  );
}

/** The system's or OpenSSL's code behind fetch's "fetch failed", such as ECONNREFUSED; empty where there is none. */
function networkReason(error: unknown): string {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : '';
}
