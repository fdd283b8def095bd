export {
  AGGREGATOR_KINDS,
  type AggregatorEffect,
  type AggregatorInput,
  type AggregatorOutcomes,
  type AggregatorRoundState,
  aggregatorStateSchema,
  aggregatorStep,
  type CandidatePost,
} from './aggregator/aggregator-step.ts';
export type { Aggregate, BlobSource } from './aggregator/blob-source.ts';
export type { ComputedSum } from './aggregator/computed-sum.ts';
export { computeSum, nextModel } from './aggregator/compute-sum.ts';
export { type SumJob, type SumJobResult, type SumPlace, sumJobOf } from './aggregator/sum-job.ts';
export {
  type BlobManifest,
  blobChunkCount,
  blobManifestOf,
  blobManifestSchema,
  blobRoot,
  type StartSha256,
  verifyBlob,
  verifyChunk,
  verifyManifest,
} from './blob-manifest.ts';
export { type Candidate, type ChainRound, candidateSchema, chainRoundSchema } from './chain-round.ts';
export {
  type Admission,
  admitMessage,
  carriesAttempt,
  type KnownMessages,
  knownMessages,
  uploadSizeBytes,
  vectorLength,
} from './coordinator/admit-message.ts';
export { type Advanced, advanceRound } from './coordinator/advance-round.ts';
export { type AllianceOnChain, finalOrder, type KeeperAction, nextRoundAction } from './coordinator/keeper-actions.ts';
export { refutationQuorum, shareThreshold, survivorQuorum } from './coordinator/quorums.ts';
export { aggregatorAt, rotationOf, type SumPhase } from './coordinator/rotation.ts';
export {
  FAILURES,
  type Failure,
  openRoundState,
  type Refutation,
  type RoundFacts,
  type RoundState,
  roundStateSchema,
  type SentMessage,
} from './coordinator/round-state.ts';
export { viewOf } from './coordinator/view-of.ts';
export { type Decision, decideRound, lowerWeightedMedian, type WeighedVote } from './evaluation/decide-round.ts';
export { lossChangeMicroNats, REJECTED_MICRO_NATS } from './evaluation/loss-change.ts';
export { type Evidence, type EvidenceOf, evidenceSchema } from './faults/evidence.ts';
export { type EvidenceContext, type Verdict, verifyEvidence } from './faults/verify-evidence.ts';
export * from './limits.ts';
export { type CheckBlobs, checkPostedSum } from './member/check-posted-sum.ts';
export { makeUpload } from './member/make-upload.ts';
export type {
  CheckJob,
  CheckOutcome,
  LogPort,
  MemberEffect,
  MemberInput,
  MemberOutcomes,
  MemberStep,
  ReplayOutcome,
  SeenLog,
  UploadJob,
} from './member/member-input.ts';
export { type MemberRoundState, memberStateSchema } from './member/member-state.ts';
export { memberStep, messageKindsFor } from './member/member-step.ts';
export { revealEffects } from './member/reveal-effects.ts';
export { type MessagePlace, type RoundMessages, readRoundMessages } from './messages/round-messages.ts';
export { addressesOf, type IndexedMember, memberSetOf, orderAddresses } from './member-set.ts';
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
export { decodeModelState, encodeModelState, type ModelState } from './model/model-state.ts';
export { NO_PARAMETERS, opaqueParameters } from './model/opaque-model.ts';
export { encodeFloat32, encodeNumbers, parseFloat32, parseUint32 } from './model/number-bytes.ts';
export { describePlan, type PlanSection, type PlanWords } from './plan-words/describe-plan.ts';
export {
  type ClearRule,
  candidateSeconds,
  digestOfPlan,
  opaqueRule,
  type Plan,
  parsePlan,
  planSchema,
  robustAgainst,
  type TrainerRule,
} from './plan.ts';
export {
  type AllianceMoney,
  previewPay,
  type RoundMoney,
  type RoundPay,
  settleRound,
  unrevealedPenalty,
} from './money/settle-round.ts';
export { quantiserOf } from './quantiser-of.ts';
export {
  PHASES,
  type Phase,
  type RoundResult,
  type RoundView,
  roundResultSchema,
  roundViewSchema,
} from './round-view.ts';
export {
  bodyDigest,
  DOMAIN_NAME,
  DOMAIN_VERSION,
  domainSeparator,
  messageHash,
  type SigningDomain,
  survivorsDigest,
  type Unsigned,
} from './signing/message-hash.ts';
export { messagesRoot } from './signing/messages-root.ts';
export { recoverSigner } from './signing/recover-signer.ts';
export { createRememberingVerifier } from './signing/remembering-verifier.ts';
export { messageSizeBytes, type Signer, signMessage } from './signing/sign-message.ts';
export {
  type Expected,
  type MessageFault,
  type MessageVerifier,
  type Verified,
  verifyMessage,
} from './signing/verify-message.ts';
export { type SealedVote, voteCommitment } from './signing/vote-commitment.ts';
export { applyRule, meanOf, trimmedMeanOf } from './strategies/clear-rules.ts';
export { fedAdam } from './strategies/fedadam.ts';
export { fedAvg } from './strategies/fedavg.ts';
export { fedAvgM } from './strategies/fedavgm.ts';
export { applyOuterStep } from './strategies/outer-step.ts';
export { survivorsBodyOf } from './survivors-body.ts';
export { type Address, addressSchema, decimalSchema, hexSchema, memberSetSchema } from './units.ts';
