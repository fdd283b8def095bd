import { canonicalJson, type Digest } from '@skein/core';
import {
  type AggregatorState,
  type Aggregate,
  aggregate,
  closeShares,
  closeUploads,
  survivorStatementOf,
  unmaskRequestOf,
} from '../aggregator.ts';
import { sumBits } from '../encoding/sum-bits.ts';
import { maskedUpload } from '../masking/masked-upload.ts';
import { uploadRoot } from '../masking/upload-root.ts';
import { type MemberState, memberStateSchema } from '../member-state.ts';
import { memberView, receiveShares, recordUpload, replyToUnmask, shareSecrets, startMember } from '../member.ts';
import { nodeCrypto } from '../node/node-crypto.ts';
import type { SharesMessage } from '../secrets/create-shares.ts';
import type { Keyring } from '../secrets/round-secrets.ts';
import { type UnmaskRequest, uploadStatement, type VerifyStatement } from '../unmasking/survivor-set.ts';
import { type ThresholdPlan, thresholdsOf } from '../unmasking/thresholds.ts';
import type { UnmaskAnswer } from '../unmasking/unmask-answer.ts';
import { memberId, sign, verify } from './signatures.ts';

/** A round in one process: who leaves when, by index. */
export interface RoundScript {
  readonly members: number;
  readonly values: readonly Uint16Array[];
  readonly beforeShares?: readonly number[];
  readonly beforeUpload?: readonly number[];
  readonly beforeUnmask?: readonly number[];
  readonly plan?: ThresholdPlan;
  readonly round?: number;
}

/** Everything there is when the survivors are to be asked. */
export interface UploadedRoundState {
  readonly members: MemberState[];
  readonly uploads: Map<string, Uint8Array>;
  readonly aggregator: AggregatorState;
  readonly values: ReadonlyMap<string, Uint16Array>;
  readonly request: UnmaskRequest;
}

/** Through a store and back, as every state has to bear. */
const stored = <State>(state: State): State => JSON.parse(JSON.stringify(state)) as State;
const storedMember = (state: MemberState): MemberState => memberStateSchema.parse(stored(state));

/** Keys and shares of a round: members that shared and the messages they sent. */
export async function shareRound(script: RoundScript) {
  const context = { alliance: 'alliance-1', round: script.round ?? 1, attempt: 0 };
  const started = Array.from({ length: script.members }, (_, index) =>
    startMember(nodeCrypto, context, memberId(index)),
  );
  const keyring: Keyring = Object.fromEntries(started.map(({ self, publicKeys }) => [self, publicKeys]));
  const thresholds = thresholdsOf(script.members, script.plan);
  const messages: Record<string, SharesMessage> = {};
  const members: MemberState[] = [];
  for (const [index, member] of started.entries()) {
    if (script.beforeShares?.includes(index)) continue;
    const state = storedMember(await shareSecrets(nodeCrypto, member, { keyring, thresholds }));
    messages[state.self] = state.shared!.message;
    members.push(state);
  }
  return { context, keyring, thresholds, messages, members };
}

/** Masks and uploads one member's values. */
export function uploadOf(member: MemberState, values: Uint16Array, bits: number): Uint8Array {
  const pieces = maskedUpload(nodeCrypto, memberView(member), values, { sharers: member.received!.sharers, bits });
  return new Uint8Array(Buffer.concat([...pieces]));
}

/** A round up to the signed survivor set. */
export async function uploadRound(script: RoundScript): Promise<UploadedRoundState> {
  const { context, keyring, thresholds, messages, members: sharing } = await shareRound(script);
  const bits = sumBits(script.members);
  const values = new Map(script.values.map((vector, index) => [memberId(index), vector]));
  const leaving = new Set(script.beforeUpload?.map(memberId));
  const uploads = new Map<string, Uint8Array>();
  const claims: Record<string, { root: Digest; signature: string }> = {};
  const members: MemberState[] = [];
  for (const member of sharing) {
    if (leaving.has(member.self)) continue;
    const { state } = receiveShares(nodeCrypto, member, messages);
    const upload = uploadOf(state, values.get(state.self)!, bits);
    const root = uploadRoot(nodeCrypto, upload);
    const { self } = state;
    uploads.set(self, upload);
    const statement = uploadStatement(nodeCrypto, { context, keyring, sharers: state.received!.sharers, self, root });
    claims[self] = { root, signature: sign(self, statement) };
    members.push(storedMember(recordUpload(state, root)));
  }
  const start: AggregatorState = { context, keyring, thresholds, length: script.values[0]!.length, bits };
  const aggregator = stored(closeUploads(closeShares(start, messages), claims));
  const statement = survivorStatementOf(nodeCrypto, aggregator);
  const signatures = Object.fromEntries(members.map(({ self }) => [self, sign(self, statement)]));
  return { members, uploads, aggregator, values, request: unmaskRequestOf(aggregator, signatures) };
}

/** The answers of those who are still there. @throws Error where one refuses. */
export function answersOf(
  round: UploadedRoundState,
  absent: readonly number[] = [],
  check: VerifyStatement = verify,
): Record<string, UnmaskAnswer> {
  const gone = new Set(absent.map(memberId));
  const answering = round.members.filter(({ self }) => !gone.has(self));
  return Object.fromEntries(
    answering.map((member) => {
      const reply = replyToUnmask(nodeCrypto, member, round.request, check);
      if (!reply.ok) throw new Error(reply.refusal.message);
      return [member.self, reply.answer];
    }),
  );
}

/** A whole round. */
export async function runRound(script: RoundScript): Promise<{ round: UploadedRoundState; result: Aggregate }> {
  const round = await uploadRound(script);
  const answers = answersOf(round, script.beforeUnmask);
  return { round, result: await sumOf(round, answers) };
}

/** What the aggregator makes of the answers. */
export function sumOf(round: UploadedRoundState, answers: Record<string, UnmaskAnswer>): Promise<Aggregate> {
  return aggregate(nodeCrypto, round.aggregator, answers, {
    readUpload: (id) => Promise.resolve(round.uploads.get(id)),
  });
}

/** Sum of the values of some members, computed in clear. */
export function plainSum(round: UploadedRoundState, ids: Iterable<string> = round.uploads.keys()): Uint32Array {
  const sum = new Uint32Array(round.aggregator.length);
  for (const id of ids) for (const [index, value] of round.values.get(id)!.entries()) sum[index]! += value;
  return sum;
}

/** A deep copy of plain data to be tampered with. */
export function copyOf<Data>(data: Data): Data {
  return JSON.parse(canonicalJson(data)) as Data;
}
