export { decodeBase64, encodeBase64 } from './base64.ts';
export { type ByteSource, createMemorySource } from './byte-source.ts';
export { canonicalJson } from './canonical-json.ts';
export { compareCodePoints } from './compare-code-points.ts';
export { digestFromHash, digestOfBytes, digestOfJson, digestSchema, hashOfDigest, parseDigest } from './digest.ts';
export { findDuplicateKey } from './duplicate-key.ts';
export { BaseError, type BaseErrorOptions, invariant } from './errors.ts';
export { MAX_JSON_DEPTH, MAX_NOTE_BYTES, MAX_SAFETENSORS_HEADER_BYTES } from './limits.ts';
export { extendsLog, formatCheckpoint, includesEntry, type LogState, openCheckpoint } from './log/checkpoint.ts';
export { encodeLogEntry, openLogEntry } from './log/log-entry.ts';
export { createNoteKey, formatNoteKey, type NoteKey, parseNoteKey, type VerifyEd25519 } from './log/note-key.ts';
export { openNote, signNote } from './log/signed-note.ts';
export {
  createLogStatement,
  type LogClaim,
  type LogPredicateType,
  type LogStatement,
  logStatementSchema,
  subjectDigest,
} from './log/statement.ts';
export { type ConsistencyClaim, makeConsistencyProof, verifyConsistency } from './merkle/consistency.ts';
export { MERKLE_HASH_BYTES, merkleLeafHash, merkleNodeHash, merkleRoot } from './merkle/hash.ts';
export { type InclusionClaim, makeInclusionProof, verifyInclusion } from './merkle/inclusion.ts';
export {
  appendedNodes,
  consistencyRanges,
  hashOfRange,
  inclusionRanges,
  type LeafRange,
  type MerkleNode,
  nodesOfRange,
  nodesToAppend,
  type StoredMerkleNode,
} from './merkle/stored-tree.ts';
export { decodeFloats, type FloatDtype, isFloatDtype } from './safetensors/decode-floats.ts';
export { isSafetensorsDtype, SAFETENSORS_DTYPES, type SafetensorsDtype, tensorBitCount } from './safetensors/dtype.ts';
export { encodeFloats } from './safetensors/encode-floats.ts';
export {
  encodeSafetensorsHeader,
  type SafetensorsLayout,
  type SafetensorsTensor,
} from './safetensors/encode-header.ts';
export {
  parseSafetensorsHeader,
  parseSafetensorsHeaderLength,
  SAFETENSORS_PREFIX_BYTES,
  type SafetensorsFile,
} from './safetensors/parse-header.ts';
export {
  getSafetensorsEntry,
  readSafetensorsIndex,
  readSafetensorsTensor,
  type SafetensorsReadOptions,
} from './safetensors/read-safetensors.ts';
export type { SafetensorsEntry, SafetensorsIndex } from './safetensors/safetensors-index.ts';
export {
  encodeSafetensors,
  type SafetensorsDataOf,
  type SafetensorsTensorData,
  streamSafetensors,
} from './safetensors/write-safetensors.ts';
export { createSha256, type Sha256, sha256 } from './sha256.ts';
export { type Brand, type Bytes, bytes, type Digest } from './units.ts';
export { flattenUpdate, type Update, type UpdateTensor, unflattenUpdate } from './update.ts';
export {
  digestOfUpdateManifest,
  parseUpdateManifest,
  type UpdateManifest,
  type UpdateTensorEntry,
  updateElementCount,
  updateManifestSchema,
} from './update-manifest.ts';
