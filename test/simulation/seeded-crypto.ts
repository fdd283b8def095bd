import type { AggregationCrypto } from '@skein/privacy';
import { nodeCrypto } from '@skein/privacy/node';
import type { SeededRandom } from './seeded-random.ts';
import { seededShares } from './seeded-shares.ts';

/** The real cryptography with a generator that the seed fixes. */
export function seededCrypto(random: SeededRandom): AggregationCrypto {
  return {
    ...nodeCrypto,
    randomBytes: (count) => random.bytes(count),
    splitSecret: (secret, count, threshold) => Promise.resolve(seededShares(random, secret, count, threshold)),
  };
}
