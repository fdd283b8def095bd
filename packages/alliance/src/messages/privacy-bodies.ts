import type { Keyring, PublicKeys, SharesBySender, SharesMessage, UnmaskAnswer } from '@skein/privacy';
import type { BodyOf, MessageOf } from '../message.ts';

// `@skein/privacy` writes bytes as bare digits, messages as `0x` and digits.
const bare = (hex: string): string => hex.slice(2);
const prefixed = (hex: string): string => `0x${hex}`;

function mapValues<In, Out>(record: Readonly<Record<string, In>>, change: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Body of `round/keys/1`. */
export function keysBodyOf(keys: PublicKeys, log: BodyOf<'round/keys/1'>['log']): BodyOf<'round/keys/1'> {
  return {
    cipherKey: prefixed(keys.cipherPublic),
    maskKey: prefixed(keys.maskPublic),
    selfSeedCommitment: prefixed(keys.selfSeedCommitment),
    log: { ...log },
  };
}

/** The cohort's keys out of their messages. */
export function keyringOf(messages: readonly MessageOf<'round/keys/1'>[]): Keyring {
  const entries = messages.map(({ sender, body }) => [
    sender,
    {
      cipherPublic: bare(body.cipherKey),
      maskPublic: bare(body.maskKey),
      selfSeedCommitment: bare(body.selfSeedCommitment),
    },
  ]);
  return Object.fromEntries(entries) as Keyring;
}

/** Body of `round/shares/1`. */
export function sharesBodyOf(message: SharesMessage, keys: BodyOf<'round/shares/1'>['keys']): BodyOf<'round/shares/1'> {
  return {
    keys,
    sealed: mapValues(message.sealed, prefixed),
    commitments: mapValues(message.commitments, ({ selfSeed, maskSecret }) => ({
      selfSeed: prefixed(selfSeed),
      maskSecret: prefixed(maskSecret),
    })),
  };
}

/** The shares out of their messages. */
export function sharesBySender(messages: readonly MessageOf<'round/shares/1'>[]): SharesBySender {
  const entries = messages.map(({ sender, body }) => [
    sender,
    {
      sealed: mapValues(body.sealed, bare),
      commitments: mapValues(body.commitments, ({ selfSeed, maskSecret }) => ({
        selfSeed: bare(selfSeed),
        maskSecret: bare(maskSecret),
      })),
    },
  ]);
  return Object.fromEntries(entries) as SharesBySender;
}

/** Body of `round/unmask/1`. */
export function unmaskBodyOf(answer: UnmaskAnswer): BodyOf<'round/unmask/1'> {
  return {
    selfSeeds: mapValues(answer.selfSeeds, prefixed),
    maskSecrets: mapValues(answer.maskSecrets, prefixed),
  };
}

/** The opened shares out of their messages. */
export function answersBySender(messages: readonly MessageOf<'round/unmask/1'>[]): Record<string, UnmaskAnswer> {
  return Object.fromEntries(
    messages.map(({ sender, body }) => [
      sender,
      { selfSeeds: mapValues(body.selfSeeds, bare), maskSecrets: mapValues(body.maskSecrets, bare) },
    ]),
  );
}
