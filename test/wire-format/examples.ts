import { createPrivateKey, createPublicKey, sign as signEd25519 } from 'node:crypto';
import {
  addressSchema,
  blobManifestOf,
  blobRoot,
  bodyDigest,
  encodeModelState,
  messageHash,
  messagesRoot,
  PROTOCOL,
  type SigningDomain,
  signMessage,
  type Unsigned,
  voteCommitment,
} from '@skein/alliance';
import {
  canonicalJson,
  createLogStatement,
  createNoteKey,
  digestFromHash,
  digestOfJson,
  encodeLogEntry,
  formatCheckpoint,
  formatNoteKey,
  merkleLeafHash,
  signNote,
} from '@skein/core';
import { packBits } from '@skein/privacy';
import { toHex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

/** The parties of the examples in docs/wire-format.md: keys that everybody knows, so never of use elsewhere. */
export const accountKey = `0x${'01'.repeat(32)}` as const;
export const logSeed = Buffer.alloc(32, 2);
export const domain: SigningDomain = { chainId: 31337, contract: addressSchema.parse(`0x${'5f'.repeat(20)}`) };
export const account = privateKeyToAccount(accountKey);
const sender = addressSchema.parse(account.address);
const place = { protocol: PROTOCOL, alliance: '1', round: 3, attempt: 0, sender } as const;

export const report: Unsigned<'round/report/1'> = {
  ...place,
  kind: 'round/report/1',
  body: { trainLossMicroNats: 1_250_000, evaluationLossMicroNats: null, trainSeconds: 12.5 },
};

/** What is in the worked examples, computed by the program. */
export async function computeExamples(): Promise<Readonly<Record<string, string>>> {
  const signer = { address: sender, sign: (hash: `0x${string}`) => account.sign({ hash }) };
  const signed = await signMessage(domain, report, signer);
  const survivors: Unsigned<'round/survivors/1'> = {
    ...place,
    kind: 'round/survivors/1',
    body: { cohort: '7', survivors: '5', uploadsRoot: messagesRoot(domain, [signed]) },
  };
  return { ...messageExamples(signed, survivors), ...blobExamples(), ...logExamples(signed) };
}

type Signed = Awaited<ReturnType<typeof signMessage>>;

function messageExamples(signed: Signed, survivors: Unsigned<'round/survivors/1'>): Record<string, string> {
  return {
    'message on the wire': canonicalJson(signed),
    'body digest of the report': bodyDigest(report),
    'hash that is signed': messageHash(domain, report),
    'root over one message': survivors.body.uploadsRoot,
    'body digest of survivors': bodyDigest(survivors),
    'hash of survivors': messageHash(domain, survivors),
    'vote commitment': voteCommitment({
      ...place,
      evaluator: sender,
      lossChangeMicroNats: -206_900,
      salt: `0x${'07'.repeat(32)}`,
    }),
  };
}

/** 1 MiB of zeros and five bytes more: two chunks. */
export const blob = Buffer.concat([Buffer.alloc(1024 * 1024), Buffer.from('skein')]);

function blobExamples(): Record<string, string> {
  const manifest = blobManifestOf(blob);
  const model = encodeModelState({ parameters: Float32Array.of(1.5, -2), optimiser: {} });
  return {
    'first chunk': manifest.chunks[0] ?? '',
    'second chunk': manifest.chunks[1] ?? '',
    'root of the blob': blobRoot(manifest),
    'three values of 18 bits': toHex(packBits(Uint32Array.of(1, 65_535, 262_143), 18)),
    'header of the model': Buffer.from(model.subarray(8, 8 + (model[0] ?? 0)))
      .toString('utf8')
      .trimEnd(),
    'root of the model': blobRoot(blobManifestOf(model)),
  };
}

/** RFC 8410's form of a raw Ed25519 key. */
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), logSeed]),
  format: 'der',
  type: 'pkcs8',
});
export const publicKey = createPublicKey(privateKey);

function logExamples(signed: Signed): Record<string, string> {
  const raw = Uint8Array.from(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
  const key = createNoteKey(`skein/${Buffer.from(raw).toString('hex').slice(0, 16)}`, raw);
  const sign = (message: Uint8Array) => Uint8Array.from(signEd25519(null, message, privateKey));
  const { body: _, ...predicate } = signed;
  const statement = createLogStatement({
    type: 'urn:skein:message/1',
    name: `alliance/1/round/3/attempt/0/round/report/1/${sender}`,
    digest: digestOfJson(signed),
    predicate,
  });
  const entry = encodeLogEntry(statement, key, sign);
  const root = digestFromHash(merkleLeafHash(entry));
  return {
    'key of the log': formatNoteKey(key),
    statement: canonicalJson(statement),
    'signature of the entry': signatureOf(entry),
    'root of the log': root,
    checkpoint: signNote(formatCheckpoint(key.name, { size: 1, root }), key, sign).trimEnd(),
  };
}

function signatureOf(entry: Uint8Array): string {
  const envelope = JSON.parse(Buffer.from(entry).toString('utf8')) as { signatures: { sig: string }[] };
  return envelope.signatures[0]?.sig ?? '';
}
