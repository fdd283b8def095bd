import {
  type Address,
  type Aggregate,
  blobManifestOf,
  blobRoot,
  computeSum,
  type Message,
  messagesRoot,
  opaqueRule,
  orderAddresses,
  type Plan,
  type RoundMessages,
  type SigningDomain,
  sumJobOf,
} from '@skein/alliance';
import type { Digest } from '@skein/core';
import { nodeCrypto } from '@skein/privacy/node';

export interface ReplayPlace {
  readonly plan: Plan;
  readonly domain: SigningDomain;
  readonly alliance: string;
  readonly round: number;
  readonly model: Digest;
  readonly cohort: readonly Address[];
  readonly survivors: readonly Address[];
  /** How many members the alliance had when the round was opened. */
  readonly members: number;
  /** The hub's word on whose keys came in time; held against what the cohort signed. */
  readonly keyed: readonly Address[];
  readonly read: (root: Digest) => Promise<Uint8Array | undefined>;
  /** Of the trainer that a plan with opaque parameters names, where whoever verifies has it. */
  readonly aggregate?: Aggregate | undefined;
}

export type Replayed =
  | { readonly ok: true; readonly sum: Digest; readonly model: Digest }
  /** `gone`: what a replay needs isn't there; otherwise somebody is at fault. */
  | { readonly ok: false; readonly gone: boolean; readonly sentence: string };

/** Computes a round's sum and model again from nothing but signed messages and the blobs that they name. */
export async function replayRound(place: ReplayPlace, messages: RoundMessages): Promise<Replayed> {
  const { plan, read, aggregate } = place;
  const impossible = withoutReplay(place);
  if (impossible !== undefined) return { ok: false, gone: true, sentence: impossible };
  const keyed = orderAddresses(place.keyed);
  if (plan.aggregation.kind === 'secure' && !sawTheseKeys(place, keyed, messages)) {
    return { ok: false, gone: false, sentence: 'The cohort signed for other keys than the hub lists.' };
  }
  const model = await read(place.model);
  if (model === undefined) return { ok: false, gone: true, sentence: `The model ${place.model} is no longer kept.` };
  const found = await sumJobOf(nodeCrypto, { ...place, keyed, modelBytes: model.length }, messages);
  if (!found.ok) {
    const reason = found.faults[0]?.message ?? `${found.missing.join(', ')} are missing`;
    return { ok: false, gone: found.faults.length === 0, sentence: `The sum can't be made again: ${reason}.` };
  }
  for (const { root, sender } of found.job.uploads) {
    if ((await read(root)) !== undefined) continue;
    return { ok: false, gone: true, sentence: `The upload of ${sender} is no longer kept.` };
  }
  const computed = await computeSum(nodeCrypto, plan, found.job, { read, aggregate });
  if (!computed.ok) return { ok: false, gone: false, sentence: computed.sentence };
  return { ok: true, sum: rootOf(computed.sum), model: rootOf(computed.model) };
}

function withoutReplay({ plan, aggregate }: ReplayPlace): string | undefined {
  const rule = opaqueRule(plan);
  if (rule === null) return undefined;
  if (rule.replay === 'evaluation-only')
    return 'By the plan no sum can be replayed: only the votes speak for the model.';
  const name = plan.method.kind === 'custom' ? plan.method.trainer : '';
  return aggregate === undefined ? `Only the trainer "${name}" can add up, and this node has none.` : undefined;
}

function rootOf(bytes: Uint8Array): Digest {
  return blobRoot(blobManifestOf(bytes, () => nodeCrypto.createSha256()));
}

/** Every shares message names the keys that its sender saw. */
function sawTheseKeys({ domain, cohort }: ReplayPlace, keyed: readonly Address[], messages: RoundMessages): boolean {
  const keys: readonly Message[] | undefined = messages.all('round/keys/1', 0, keyed);
  const shares = messages.all('round/shares/1', 0, cohort);
  if (keys === undefined || shares === undefined) return false;
  const root = messagesRoot(domain, keys);
  return shares.every(({ body }) => body.keys === root);
}
