import type { AggregationCrypto } from '../crypto-port.ts';
import { reduceSum } from '../encoding/pack.ts';
import { neighboursAmong } from '../graph.ts';
import { createMaskRun, piecesOf } from '../masking/apply-masks.ts';
import { pairMask, type SignedMask, selfMask } from '../masking/mask-keys.ts';
import type { RoundContext } from '../round-context.ts';
import type { Keyring } from '../secrets/round-secrets.ts';
import type { OpenedSecrets } from './recover-secrets.ts';

/** Which masks remain on a sum of uploads. */
export interface UnmaskPlan {
  readonly context: RoundContext;
  readonly keyring: Keyring;
  readonly survivors: readonly string[];
  readonly dropouts: readonly string[];
  readonly opened: OpenedSecrets;
  /** `sumBits` of the cohort. */
  readonly bits: number;
}

/**
 * Turns the sum of the survivors' uploads, in place, into the sum of their values: takes off every survivor's own mask
 * and the masks that survivors share with dropouts. Yields after each piece (about 65,536 coordinates), so that the
 * caller can let others run. Masks among survivors cancel out by themselves.
 */
export function* removeMasks(crypto: AggregationCrypto, sum: Uint32Array, plan: UnmaskPlan): Generator<number, void> {
  const run = createMaskRun(crypto, remainingMasks(crypto, plan));
  let done = 0;
  for (const piece of piecesOf(sum)) {
    run.apply(piece);
    reduceSum(piece, plan.bits);
    done += piece.length;
    yield done;
  }
}

function remainingMasks(crypto: AggregationCrypto, plan: UnmaskPlan): SignedMask[] {
  const { context, keyring, survivors, dropouts, opened } = plan;
  const own = survivors.map((id) => invert(selfMask(crypto, context, id, opened.selfSeeds[id]!)));
  // A dropout's mask with a survivor has the other sign than the survivor's, so adding it takes that off.
  const shared = dropouts.flatMap((self) =>
    neighboursAmong(Object.keys(keyring), self, survivors).map((peer) =>
      pairMask(crypto, {
        context,
        self,
        peer,
        maskSecret: opened.maskSecrets[self]!,
        peerPublic: keyring[peer]!.maskPublic,
      }),
    ),
  );
  return [...own, ...shared];
}

function invert({ key, sign }: SignedMask): SignedMask {
  return { key, sign: sign === 1 ? -1 : 1 };
}
