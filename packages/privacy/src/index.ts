export {
  type Aggregate,
  type AggregatorState,
  aggregate,
  closeShares,
  closeUploads,
  rootsOf,
  survivorStatementOf,
  unmaskRequestOf,
} from './aggregator.ts';
export {
  type ChallengeInput,
  CHECK_PRIME,
  challengeDigest,
  innerProducts,
} from './checking/challenge.ts';
export {
  type CheckPlan,
  type CheckScalars,
  checkScalars,
  checkScalarsSchema,
  checkSum,
  type SumCheck,
} from './checking/check-scalars.ts';
export { type Replay, type ReplayFault, type ReplayInput, replaySum } from './checking/replay.ts';
export type { AggregationCrypto, Keystream, RunningSha256, SealKey } from './crypto-port.ts';
export { dequantiseSum, type MeanOfSum, meanOfSum } from './encoding/dequantise-sum.ts';
export { addPacked, packBits, reduceSum, unpackBits } from './encoding/pack.ts';
export { type QuantiserInput, type QuantiserPlan, quantise } from './encoding/quantise.ts';
export { packedByteCount, sumBits } from './encoding/sum-bits.ts';
export type { PrivacyFault } from './fault.ts';
export { neighbours, orderMembers } from './graph.ts';
export { fromHex, toHex } from './hex.ts';
export { MAX_COMPLETE_GRAPH_MEMBERS, MAX_VALUE, PIECE_ELEMENTS, UPLOAD_LEAF_BYTES, VALUE_BITS } from './limits.ts';
export { maskedUpload, type UploadPlan } from './masking/masked-upload.ts';
export { createUploadHasher, type UploadHasher, uploadRoot } from './masking/upload-root.ts';
export { type MemberState, memberStateSchema } from './member-state.ts';
export {
  checkPlanOf,
  memberView,
  receiveShares,
  recordUpload,
  replyToUnmask,
  shareSecrets,
  startMember,
  type UnmaskReply,
} from './member.ts';
export { domainLabel, type RoundContext, roundContextSchema } from './round-context.ts';
export { checkKeyring } from './secrets/check-keyring.ts';
export {
  commitToShare,
  createShares,
  type MemberView,
  type OpenedShares,
  type ShareKind,
  type ShareName,
  type SharesMessage,
  sharesMessageSchema,
} from './secrets/create-shares.ts';
export { openShares, type ReceivedShares, type SharesBySender, sharersOf } from './secrets/open-shares.ts';
export {
  commitToSelfSeed,
  createRoundSecrets,
  type Keyring,
  type PublicKeys,
  publicKeysOf,
  publicKeysSchema,
  type RoundSecrets,
  roundSecretsSchema,
} from './secrets/round-secrets.ts';
export {
  checkUnmaskRequest,
  type UnmaskCheck,
  type UnmaskRefusal,
  type UnmaskView,
} from './unmasking/check-unmask-request.ts';
export {
  isCommittedSecret,
  type OpenedSecrets,
  openedSecretsSchema,
  type Recovery,
  type RecoveryFault,
  type RecoveryInput,
  recoverSecrets,
} from './unmasking/recover-secrets.ts';
export { removeMasks, type UnmaskPlan } from './unmasking/remove-masks.ts';
export {
  dropoutsOf,
  type ReadUpload,
  type SumInput,
  type SumResult,
  type SumSource,
  sumUploads,
  type UploadFault,
} from './unmasking/sum-uploads.ts';
export {
  type SurvivorSet,
  survivorStatement,
  type UnmaskRequest,
  type UploadClaim,
  unmaskRequestSchema,
  uploadStatement,
  type VerifyStatement,
} from './unmasking/survivor-set.ts';
export { type ThresholdPlan, type Thresholds, thresholdsOf } from './unmasking/thresholds.ts';
export { answerUnmask, type UnmaskAnswer, unmaskAnswerSchema } from './unmasking/unmask-answer.ts';
