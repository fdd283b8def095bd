import {
  addressSchema,
  bodyDigest,
  domainSeparator,
  messageHash,
  recoverSigner,
  type SigningDomain,
  survivorsDigest,
  type Unsigned,
  voteCommitment,
} from '@skein/alliance';
import { digestOfBytes, digestOfJson, hashOfDigest } from '@skein/core';
import fc from 'fast-check';
import { encodeAbiParameters, hashDomain, hashTypedData, keccak256, toHex } from 'viem';
import { privateKeyToAccount, sign } from 'viem/accounts';
import { describe, expect, it } from 'vitest';

// viem is what wallets and the chain's actions use: both have to compute the same hashes, or signatures mean nothing.
const domain: SigningDomain = { chainId: 31337, contract: addressSchema.parse(`0x${'5F'.repeat(20)}`) };
const typed = { name: 'Skein', version: '1', chainId: 31337, verifyingContract: domain.contract as `0x${string}` };
const types = {
  Message: [
    { name: 'alliance', type: 'uint256' },
    { name: 'round', type: 'uint32' },
    { name: 'attempt', type: 'uint32' },
    { name: 'kind', type: 'string' },
    { name: 'body', type: 'bytes32' },
  ],
} as const;

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const sender = addressSchema.parse(`0x${'11'.repeat(20)}`);

describe('hashes of messages', () => {
  it('are those of EIP-712', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 18n }),
        uint32,
        uint32,
        fc.nat(),
        (alliance, round, attempt, seconds) => {
          const kind = 'round/report/1';
          const body = { trainLossMicroNats: null, evaluationLossMicroNats: 7, trainSeconds: seconds };
          const place = { protocol: 'skein/1' as const, alliance: alliance.toString(), round, attempt, sender };
          const digest = toHex(hashOfDigest(digestOfJson(body)));
          const message = { alliance, round, attempt, kind, body: digest };
          const expected = hashTypedData({ domain: typed, types, primaryType: 'Message', message });
          expect(messageHash(domain, { ...place, kind, body })).toBe(expected);
        },
      ),
    );
  });

  it('have the domain of the contract', () => {
    const EIP712Domain = [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ] as const;
    expect(domainSeparator(domain)).toBe(
      hashDomain({ domain: { ...typed, chainId: 31_337n }, types: { EIP712Domain } }),
    );
  });

  it('are signed so that the account is found again, whoever signs', async () => {
    const account = privateKeyToAccount(`0x${'07'.repeat(32)}`);
    const hash = keccak256('0x1234');
    const signature = await sign({ hash, privateKey: `0x${'07'.repeat(32)}`, to: 'hex' });
    expect(recoverSigner(hash, signature)).toBe(account.address.toLowerCase());
  });
});

describe('digests that the contract computes', () => {
  it('of survivor sets', () => {
    fc.assert(
      fc.property(uint64, uint64, bytes32, (cohort, survivors, root) => {
        const uploadsRoot = digestOfBytes(root);
        const parameters = [{ type: 'uint64' }, { type: 'uint64' }, { type: 'bytes32' }] as const;
        const encoded = encodeAbiParameters(parameters, [cohort, survivors, toHex(hashOfDigest(uploadsRoot))]);
        const body = { cohort: cohort.toString(), survivors: survivors.toString(), uploadsRoot };
        expect(survivorsDigest(body)).toBe(keccak256(encoded));
      }),
    );
  });

  it('of replays', () => {
    const [posted, replayed] = [digestOfBytes(Uint8Array.of(1)), digestOfBytes(Uint8Array.of(2))];
    const values = [toHex(hashOfDigest(posted)), toHex(hashOfDigest(replayed))] as const;
    const encoded = encodeAbiParameters([{ type: 'bytes32' }, { type: 'bytes32' }], values);
    const message = { kind: 'round/replay/1', body: { posted, replayed } } as Pick<
      Unsigned<'round/replay/1'>,
      'kind' | 'body'
    >;
    expect(bodyDigest(message as Unsigned)).toBe(keccak256(encoded));
  });

  it('of votes, negative ones too', () => {
    const lossChange = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(uint64, uint32, uint32, lossChange, bytes32, (id, round, attempt, loss, salt) => {
        const parameters = ['uint256', 'uint32', 'uint32', 'address', 'int64', 'bytes32'].map((type) => ({ type }));
        const encoded = encodeAbiParameters(parameters, [id, round, attempt, sender, BigInt(loss), toHex(salt)]);
        const vote = { alliance: id.toString(), round, attempt, evaluator: sender, lossChangeMicroNats: loss };
        expect(voteCommitment({ ...vote, salt: toHex(salt) })).toBe(keccak256(encoded));
      }),
    );
  });
});
