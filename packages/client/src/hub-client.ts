import {
  type Message,
  type MessageKind,
  type Plan,
  planSchema,
  type RoundView,
  roundViewSchema,
} from '@skein/alliance';
import type { ByteSource, Digest } from '@skein/core';
import { decodeBase64, digestOfJson } from '@skein/core';
import {
  type AcceptedMessage,
  type AllianceRecord,
  allianceSchema,
  alliancesSchema,
  type Checkpoint,
  type ClosedRound,
  checkpointSchema,
  closedRoundsSchema,
  type HubEvent,
  type Info,
  infoSchema,
  logEntriesSchema,
  lookingSchema,
  messagesSchema,
  type Posted,
  postedSchema,
  proofSchema,
  storedSchema,
} from './api.ts';
import type { BlobSink, BlobTransferOptions, BlobUploadOptions } from './blob-sink.ts';
import { downloadBlob, uploadBlob } from './blob-transfer.ts';
import { type EventOptions, hubEvents } from './event-stream.ts';
import { parseHubUrl } from './hub-url.ts';
import { type LeafHash, leafHash } from './leaf-hash.ts';
import { type CallOptions, createTransport, type Transport } from './request.ts';

export interface HubClientOptions {
  /** Base address; plain HTTP only on this machine, unless `allowInsecure`. */
  readonly url: string;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Ends every call and stream of this client. */
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
  readonly allowInsecure?: boolean | undefined;
  /** Hashes chunks; WebCrypto's SHA-256 unless told, which copies them. */
  readonly leafHash?: LeafHash | undefined;
}

/** Which messages of a round. */
export interface MessageQuery {
  readonly round: number;
  /** All unless told. */
  readonly kinds?: readonly MessageKind[] | undefined;
  readonly attempt?: number | undefined;
}

/**
 * A hub, through its HTTP interface. Replies are checked against their schemas and nothing more: what they say needs
 * the checks of the protocol. Calls try again on network errors and 5xx, which is safe since all are idempotent.
 *
 * Every call rejects with a BaseError that carries the hub's own code (`hub/…`, and in `info` the status and, of a
 * contradiction, the evidence), `client/unreachable` or `client/bad-reply`, or with the signal's reason.
 */
export interface HubClient {
  readonly url: string;
  /** Own clock minus the chain's at the last response, in seconds; null before the first. */
  clockSkewSeconds(): number | null;
  info(options?: CallOptions): Promise<Info>;
  /** Tells the hub that something happened on the chain, so that it looks before its next poll. */
  lookAtChain(options?: CallOptions): Promise<void>;
  putPlan(plan: Plan, options?: CallOptions): Promise<Digest>;
  plan(digest: Digest, options?: CallOptions): Promise<Plan>;
  alliances(options?: CallOptions): Promise<AllianceRecord[]>;
  alliance(id: string, options?: CallOptions): Promise<AllianceRecord>;
  closedRounds(id: string, options?: CallOptions): Promise<ClosedRound[]>;
  /** The current round, or the given one. Rejects with `hub/no-round` where there is none (yet). */
  round(id: string, round?: number, options?: CallOptions): Promise<RoundView>;
  postMessage(message: Message, options?: CallOptions): Promise<Posted>;
  messages(id: string, query: MessageQuery, options?: CallOptions): Promise<AcceptedMessage[]>;
  /** Resumes by itself: only what the hub lacks is sent. The root must have been announced (`hub/unannounced-blob`). */
  uploadBlob(source: ByteSource, options?: BlobUploadOptions): Promise<Digest>;
  /** Rejects with `client/bad-blob` before a wrong byte reaches the sink. */
  downloadBlob(root: Digest, sink: BlobSink, options?: BlobTransferOptions): Promise<void>;
  events(id: string, options?: EventOptions): AsyncGenerator<HubEvent, void, void>;
  checkpoint(options?: CallOptions): Promise<Checkpoint>;
  inclusionProof(index: number, size: number, options?: CallOptions): Promise<Digest[]>;
  consistencyProof(from: number, to: number, options?: CallOptions): Promise<Digest[]>;
  /** Entries `start` … `end` − 1 as they were hashed, at most 1000 (`hub/bad-range`). */
  logEntries(start: number, end: number, options?: CallOptions): Promise<Uint8Array[]>;
}

/** @throws BaseError `client/bad-url`, `client/insecure-url` */
export function createHubClient(settings: HubClientOptions): HubClient {
  const url = parseHubUrl(settings.url, settings.allowInsecure ?? false);
  const fetch = settings.fetch ?? globalThis.fetch.bind(globalThis);
  const transport = createTransport({ url, fetch, signal: settings.signal, patienceMs: settings.patienceMs });
  const port = { transport, leafHash: settings.leafHash ?? leafHash };
  const json: Transport['json'] = (request, schema) => transport.json(request, schema);
  const ofAlliance = (id: string, rest = ''): string => `/v1/alliances/${encodeURIComponent(id)}${rest}`;
  const proof = async (path: string, options?: CallOptions): Promise<Digest[]> =>
    (await json({ ...options, path }, proofSchema)).hashes;
  return {
    url,
    clockSkewSeconds: () => transport.clockSkewSeconds(),
    info: (options) => json({ ...options, path: '/v1/info' }, infoSchema),
    lookAtChain: async (options) => {
      await json({ ...options, method: 'POST', path: '/v1/chain/look' }, lookingSchema);
    },
    putPlan: async (plan, options) => {
      const digest = digestOfJson(plan);
      await json({ ...options, method: 'PUT', path: `/v1/plans/${digest}`, json: plan }, storedSchema);
      return digest;
    },
    plan: (digest, options) => json({ ...options, path: `/v1/plans/${digest}` }, planSchema),
    alliances: async (options) => (await json({ ...options, path: '/v1/alliances' }, alliancesSchema)).alliances,
    alliance: (id, options) => json({ ...options, path: ofAlliance(id) }, allianceSchema),
    closedRounds: async (id, options) =>
      (await json({ ...options, path: ofAlliance(id, '/rounds') }, closedRoundsSchema)).rounds,
    round: (id, round, options) =>
      json({ ...options, path: ofAlliance(id, round === undefined ? '/round' : `/rounds/${round}`) }, roundViewSchema),
    postMessage: (message, options) =>
      json(
        { ...options, method: 'POST', path: ofAlliance(message.alliance, '/messages'), json: message },
        postedSchema,
      ),
    messages: async (id, { kinds, ...query }, options) => {
      const path = ofAlliance(id, `/messages?${queryOf({ ...query, kind: kinds })}`);
      return (await json({ ...options, path }, messagesSchema)).messages;
    },
    uploadBlob: (source, options = {}) => uploadBlob(port, source, options),
    downloadBlob: (root, sink, options = {}) => downloadBlob(port, root, sink, options),
    events: (id, options = {}) => hubEvents(transport, id, options),
    checkpoint: (options) => json({ ...options, path: '/v1/log/checkpoint' }, checkpointSchema),
    inclusionProof: (index, size, options) => proof(`/v1/log/inclusion?${queryOf({ index, size })}`, options),
    consistencyProof: (from, to, options) => proof(`/v1/log/consistency?${queryOf({ from, to })}`, options),
    logEntries: async (start, end, options) => {
      const path = `/v1/log/entries?${queryOf({ start, end })}`;
      const { entries } = await json({ ...options, path }, logEntriesSchema);
      return entries.map((entry) => decodeBase64(entry) ?? new Uint8Array());
    },
  };
}

function queryOf(values: object): string {
  return Object.entries(values)
    .flatMap(([key, value]) => [value ?? []].flat().map((each) => `${key}=${encodeURIComponent(String(each))}`))
    .join('&');
}
