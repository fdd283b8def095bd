import { z } from 'zod';
import { hexSchema } from '../hex.ts';
import { type OpenedShares, SHARE_BYTES } from '../secrets/create-shares.ts';

/** Body of `round/shares-opened/1`: one's shares of the survivors' seeds and of the dropouts' mask secrets, by dealer. */
export const unmaskAnswerSchema = z.strictObject({
  selfSeeds: z.record(z.string(), hexSchema(SHARE_BYTES)),
  maskSecrets: z.record(z.string(), hexSchema(SHARE_BYTES)),
});
export type UnmaskAnswer = z.infer<typeof unmaskAnswerSchema>;

/**
 * The answer to a request that passed `checkUnmaskRequest`. Store the request as answered before sending it.
 * @param opened one's own shares by dealer; dealers whose shares couldn't be opened are left out
 */
export function answerUnmask(
  opened: Readonly<Record<string, OpenedShares>>,
  { survivors, dropouts }: { readonly survivors: readonly string[]; readonly dropouts: readonly string[] },
): UnmaskAnswer {
  const pick = (ids: readonly string[], kind: keyof OpenedShares) =>
    Object.fromEntries(ids.flatMap((id) => (opened[id] === undefined ? [] : [[id, opened[id][kind]]])));
  return { selfSeeds: pick(survivors, 'selfSeed'), maskSecrets: pick(dropouts, 'maskSecret') };
}
