import { z } from 'zod';
import { hashOfDigest, digestFromHash, digestSchema } from '../digest.ts';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Digest } from '../units.ts';

const index = z.int().min(0);
const text = z.string().max(200);

const subjectSchema = z.strictObject({
  name: z.string(),
  digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
});

const typed = <Type extends string, Predicate extends z.ZodType>(type: Type, predicate: Predicate) =>
  z.strictObject({
    _type: z.literal('https://in-toto.io/Statement/v1'),
    subject: z.tuple([subjectSchema]),
    predicateType: z.literal(`urn:skein:${type}`),
    predicate,
  });

/** A message that the hub has accepted; the subject is the message's canonical JSON. */
const messageStatement = typed(
  'message/1',
  z.strictObject({
    protocol: text,
    alliance: text,
    round: index,
    attempt: index,
    kind: text,
    sender: text,
    signature: text,
  }),
);

/** A plan that an alliance on the chain has named; the subject is the plan's canonical JSON. */
const planStatement = typed('plan/1', z.strictObject({ name: text, baseModel: digestSchema }));

/** How a round ended; the subject is the global model after it. */
const roundResultStatement = typed(
  'round-result/1',
  z.strictObject({
    alliance: text,
    round: index,
    attempt: index,
    accepted: z.boolean(),
    reason: text.nullable(),
    sum: digestSchema.nullable(),
    lossChangeMicroNats: z.int().nullable(),
  }),
);

/** What the entries of a log state, as in-toto statements (v1) about one subject. */
export const logStatementSchema = z.discriminatedUnion('predicateType', [
  messageStatement,
  planStatement,
  roundResultStatement,
]);

export type LogStatement = z.infer<typeof logStatementSchema>;
export type LogPredicateType = LogStatement['predicateType'];
type PredicateOf<Type extends LogPredicateType> = Extract<LogStatement, { predicateType: Type }>['predicate'];

/** What is stated about what: a subject by name and digest, and the type's own words. */
export interface LogClaim<Type extends LogPredicateType> {
  readonly type: Type;
  readonly name: string;
  readonly digest: Digest;
  readonly predicate: PredicateOf<Type>;
}

export function createLogStatement<Type extends LogPredicateType>(claim: LogClaim<Type>): LogStatement {
  return logStatementSchema.parse({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: claim.name, digest: { sha256: bytesToHex(hashOfDigest(claim.digest)) } }],
    predicateType: claim.type,
    predicate: claim.predicate,
  });
}

/** What the statement is about. */
export function subjectDigest(statement: LogStatement): Digest {
  return digestFromHash(hexToBytes(statement.subject[0].digest.sha256));
}
