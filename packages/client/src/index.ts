export * from './api.ts';
export { type BlobSink, type BlobTransferOptions, type BlobUploadOptions } from './blob-sink.ts';
export { type EventOptions } from './event-stream.ts';
export { createHubClient, type HubClient, type HubClientOptions } from './hub-client.ts';
export { CHUNKS_PER_REQUEST } from './limits.ts';
export { type CallOptions } from './request.ts';
