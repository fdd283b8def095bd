import { BaseError } from '@skein/core';
import type { HubError } from '@skein/client';
import { diskError } from '../storage/disk-error.ts';

export type ErrorStatus = 400 | 403 | 404 | 409 | 413 | 415 | 416 | 422 | 426 | 500 | 503 | 507;

/** Status of each code that leaves the hub; what isn't here is a fault of ours. */
const STATUS: Readonly<Record<string, ErrorStatus>> = {
  'hub/malformed': 400,
  'hub/bad-range': 400,
  'hub/other-alliance': 400,
  'hub/other-round': 400,
  'hub/other-attempt': 400,
  'alliance/bad-plan': 400,
  'core/bad-digest': 400,
  'hub/bad-signature': 403,
  'hub/not-a-member': 403,
  'hub/unannounced-blob': 403,
  'hub/method-refused': 403,
  'hub/no-route': 404,
  'hub/no-alliance': 404,
  'hub/no-round': 404,
  'hub/no-plan': 404,
  'hub/no-blob': 404,
  'hub/no-chunk': 404,
  'hub/unknown-plan': 409,
  'hub/contradiction': 409,
  'hub/early': 409,
  'hub/late': 409,
  'hub/wrong-attempt': 409,
  'hub/does-not-fit': 409,
  'hub/too-large': 413,
  'hub/wrong-type': 415,
  'hub/unsatisfiable-range': 416,
  'hub/wrong-plan': 422,
  'hub/plan-contradicts-chain': 422,
  'hub/wrong-manifest': 422,
  'hub/wrong-chunk': 422,
  'hub/wrong-size': 422,
  'hub/other-protocol': 426,
  'hub/database-down': 503,
  'chain/unreachable': 503,
  'hub/chain-down': 503,
  'hub/disk-full': 507,
};

/** A PostgreSQL server that is away or going down: SQLSTATE classes 08 and 57, and what Node says. */
const DATABASE_DOWN = /^(08...|57P..|ECONNREFUSED|ECONNRESET|ENOTFOUND)$/;

export interface ErrorReply {
  readonly status: ErrorStatus;
  readonly body: HubError;
}

/** What a client is told about an error; of a fault of ours no more than that it is one. */
export function errorReply(thrown: unknown): ErrorReply {
  const error = databaseError(diskError(thrown));
  const status = error instanceof BaseError ? STATUS[error.code] : undefined;
  if (!(error instanceof BaseError) || status === undefined) {
    const message = 'The hub has made a mistake; its log says more.';
    return {
      status: 500,
      body: { code: 'hub/internal', message, hints: ['Try again; if it stays, tell the operator.'] },
    };
  }
  const { code, message, hints, info } = error;
  const evidence = info['evidence'] as HubError['evidence'];
  return { status, body: { code, message, hints: [...hints], ...(evidence && { evidence }) } };
}

function databaseError(error: unknown): unknown {
  if (!DATABASE_DOWN.test(String((error as { code?: unknown } | null)?.code))) return error;
  return new BaseError('hub/database-down', 'The hub can’t reach its database; nothing was stored.', {
    hints: ['Send it again in a moment.'],
    cause: error,
  });
}
