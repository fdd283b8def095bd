export { type BlobManifest, blobChunkCount, blobManifestSchema } from './blob-manifest.ts';
export * from './limits.ts';
export {
  type BodyOf,
  bodySchemas,
  MESSAGE_KINDS,
  type Message,
  type MessageKind,
  type MessageOf,
  messageSchema,
  PROTOCOL,
} from './message.ts';
export { candidateSeconds, digestOfPlan, type Plan, parsePlan, planSchema } from './plan.ts';
export {
  PHASES,
  type Phase,
  type RoundResult,
  type RoundView,
  roundResultSchema,
  roundViewSchema,
} from './round-view.ts';
export { type Address, addressSchema, decimalSchema, hexSchema, memberSetSchema } from './units.ts';
