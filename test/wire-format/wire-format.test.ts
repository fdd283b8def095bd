import { createHash, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bodyDigest } from '@skein/alliance';
import { hashTypedData, recoverAddress } from 'viem';
import { expect, it } from 'vitest';
import { account, blob, computeExamples, domain, publicKey, report } from './examples.ts';

const page = readFileSync(new URL('../../docs/wire-format.md', import.meta.url), 'utf8');
const examples = await computeExamples();
const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

it.each(Object.entries(examples))('docs/wire-format.md shows the %s', (_, value) => {
  expect(value).not.toBe('');
  expect(page).toContain(value);
});

it('the example is what viem makes of EIP-712, signed by its sender', async () => {
  const types = {
    Message: [
      { name: 'alliance', type: 'uint256' },
      { name: 'round', type: 'uint32' },
      { name: 'attempt', type: 'uint32' },
      { name: 'kind', type: 'string' },
      { name: 'body', type: 'bytes32' },
    ],
  } as const;
  const verifyingContract = domain.contract as `0x${string}`;
  const hash = hashTypedData({
    domain: { name: 'Skein', version: '1', chainId: domain.chainId, verifyingContract },
    types,
    primaryType: 'Message',
    message: { ...report, alliance: BigInt(report.alliance), body: bodyDigest(report) },
  });
  expect(hash).toBe(examples['hash that is signed']);
  const { signature } = JSON.parse(examples['message on the wire'] ?? '') as { signature: `0x${string}` };
  expect(await recoverAddress({ hash, signature })).toBe(account.address);
});

it('the example of a blob is what RFC 9162 says', () => {
  const leaves = [blob.subarray(0, 1024 * 1024), blob.subarray(1024 * 1024)].map((chunk) =>
    sha256(Buffer.of(0), chunk),
  );
  expect(`sha256:${sha256(Buffer.of(1), ...leaves).toString('hex')}`).toBe(examples['root of the blob']);
});

it('the example of an entry is what DSSE says', () => {
  const statement = Buffer.from(examples['statement'] ?? '');
  const signed = Buffer.concat([Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${statement.length} `), statement]);
  const signature = Buffer.from(examples['signature of the entry'] ?? '', 'base64');
  expect(verify(null, signed, publicKey, signature)).toBe(true);
});
