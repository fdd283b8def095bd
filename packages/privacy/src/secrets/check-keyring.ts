import type { AggregationCrypto } from '../crypto-port.ts';
import type { PrivacyFault } from '../fault.ts';
import { orderMembers } from '../graph.ts';
import { fromHex } from '../hex.ts';
import type { Keyring } from './round-secrets.ts';

/**
 * The members whose keys can't be used: of low order (everybody would know the secret), or a key that somebody else of
 * the cohort has too (the later id is named; both are left out by a careful caller). Signatures are checked by the caller.
 */
export function checkKeyring(crypto: AggregationCrypto, keyring: Keyring): PrivacyFault<'bad-key' | 'copied-key'>[] {
  const faults: PrivacyFault<'bad-key' | 'copied-key'>[] = [];
  const seen = new Set<string>();
  const probe = new Uint8Array(32).fill(1);
  for (const id of orderMembers(Object.keys(keyring))) {
    const keys = keyring[id]!;
    const publics = [keys.cipherPublic, keys.maskPublic];
    if (publics.some((key) => crypto.x25519SharedSecret(probe, fromHex(key)) === undefined)) {
      faults.push({ kind: 'bad-key', culprit: id, message: `A key of ${id} is of low order.`, evidence: keys });
    } else if (publics.some((key) => seen.has(key)) || publics[0] === publics[1]) {
      faults.push({ kind: 'copied-key', message: `A key of ${id} occurs twice in the cohort.`, evidence: keys });
    }
    for (const key of publics) seen.add(key);
  }
  return faults;
}
