import type { Digest } from '@skein/core';
import type { AggregationCrypto } from '../crypto-port.ts';
import { packBits } from '../encoding/pack.ts';
import type { PrivacyFault } from '../fault.ts';
import { orderMembers } from '../graph.ts';
import { uploadRoot } from '../masking/upload-root.ts';
import { isCommittedSecret } from '../unmasking/recover-secrets.ts';
import { dropoutsOf, type SumInput, sumUploads, type UploadFault } from '../unmasking/sum-uploads.ts';

/** What log and store say about a round: `opened` as the aggregator posted them. */
export interface ReplayInput extends SumInput {
  /** `uploadRoot` of the posted sum, packed. */
  readonly sumRoot: Digest;
  /** Who posted sum and secrets. */
  readonly aggregator: string;
}

/** `wrong-secret` and `wrong-sum` convict the aggregator. */
export type ReplayFault = UploadFault | PrivacyFault<'wrong-secret' | 'wrong-sum'>;

/** The sum that really follows from the uploads, with its root; or who is at fault. */
export type Replay =
  | { readonly ok: true; readonly sum: Uint32Array; readonly sumRoot: Digest }
  | { readonly ok: false; readonly fault: ReplayFault };

/**
 * Recomputes a round's sum from the signed uploads and the opened secrets, and compares it with the posted one. Unlike
 * the check of the sum it binds members who help the aggregator, and names the culprit.
 */
export async function replaySum(crypto: AggregationCrypto, input: ReplayInput): Promise<Replay> {
  const wrongSecret = findWrongSecret(crypto, input);
  if (wrongSecret !== undefined) return { ok: false, fault: wrongSecret };
  const result = await sumUploads(crypto, input);
  if (!result.ok) return result;
  const sumRoot = uploadRoot(crypto, packBits(result.sum, input.bits));
  if (sumRoot === input.sumRoot) return { ok: true, sum: result.sum, sumRoot };
  const message = `The posted sum is ${input.sumRoot}, the uploads give ${sumRoot}.`;
  return { ok: false, fault: { kind: 'wrong-sum', culprit: input.aggregator, message, evidence: { sumRoot } } };
}

function findWrongSecret(crypto: AggregationCrypto, input: ReplayInput): ReplayFault | undefined {
  const { selfSeeds, maskSecrets } = input.opened;
  const names = [
    ...orderMembers(Object.keys(input.roots)).map((dealer) => ({
      dealer,
      kind: 'selfSeed' as const,
      secret: selfSeeds[dealer],
    })),
    ...dropoutsOf(input).map((dealer) => ({ dealer, kind: 'maskSecret' as const, secret: maskSecrets[dealer] })),
  ];
  const wrong = names.find((name) => !(name.secret && isCommittedSecret(crypto, input, name, name.secret)));
  if (wrong === undefined) return undefined;
  const message = `The ${wrong.kind} posted for ${wrong.dealer} is not the one it committed to.`;
  return { kind: 'wrong-secret', culprit: input.aggregator, message, evidence: wrong };
}
