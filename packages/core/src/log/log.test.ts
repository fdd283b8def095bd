import { createPublicKey, generateKeyPairSync, sign as signNode, verify as verifyNode } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestFromHash, digestOfBytes } from '../digest.ts';
import { BaseError } from '../errors.ts';
import { makeConsistencyProof } from '../merkle/consistency.ts';
import { merkleLeafHash, merkleRoot } from '../merkle/hash.ts';
import { makeInclusionProof } from '../merkle/inclusion.ts';
import { extendsLog, formatCheckpoint, includesEntry, openCheckpoint } from './checkpoint.ts';
import { encodeLogEntry, openLogEntry } from './log-entry.ts';
import { createNoteKey, formatNoteKey, parseNoteKey, type VerifyEd25519 } from './note-key.ts';
import { openNote, signNote } from './signed-note.ts';
import { createLogStatement, subjectDigest } from './statement.ts';

const verify: VerifyEd25519 = (publicKey, message, signature) => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') };
  return verifyNode(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature);
};
const pair = generateKeyPairSync('ed25519');
const raw = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const key = createNoteKey('hub.example/log', new Uint8Array(raw));
const sign = (message: Uint8Array): Uint8Array => new Uint8Array(signNode(null, message, pair.privateKey));

// The example of Go's package golang.org/x/mod/sumdb/note, which defined the format.
const goKey = parseNoteKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
const goNote =
  'If you think cryptography is the answer to your problem,\nthen you don’t know what your problem is.\n\n' +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

describe('signed notes', () => {
  it('of Go open', () => {
    const note = goNote.replace('’', "'");
    expect(openNote(note, goKey, verify)).toBe(note.slice(0, note.indexOf('\n\n') + 1));
    expect(openNote(goNote, goKey, verify)).toBeUndefined();
  });

  it('open with a second signature beside, and not when anything else changed', () => {
    const note = signNote('one\n\ntwo\n', key, sign);
    expect(openNote(note, key, verify)).toBe('one\n\ntwo\n');
    const others = note + goNote.slice(goNote.indexOf('— '));
    expect(openNote(others, key, verify)).toBe('one\n\ntwo\n');
    const wrong = [
      note.replace('one', 'two'),
      note.slice(0, -1),
      note.replace('— ', '- '),
      note.replace('two\n', 'two\r\n'),
      `${note}${note.slice(note.indexOf('— '))}`,
      `${note}garbage\n`,
      note.slice(0, note.indexOf('— ')),
      '',
    ];
    expect(wrong.map((each) => openNote(each, key, verify))).toEqual(wrong.map(() => undefined));
    expect(openNote(note, createNoteKey('other', key.publicKey), verify)).toBeUndefined();
  });

  it('have keys that can be written down', () => {
    expect(parseNoteKey(formatNoteKey(key))).toEqual(key);
    expect(formatNoteKey(goKey)).toBe('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
    for (const text of ['', 'name', formatNoteKey(key).replace('hub', 'hab'), `${formatNoteKey(key)}A`]) {
      expect(() => parseNoteKey(text)).toThrow(BaseError);
    }
  });
});

describe('checkpoints', () => {
  const entries = Array.from({ length: 9 }, (_, index) => Uint8Array.of(index));
  const hashes = entries.map(merkleLeafHash);
  const stateOf = (size: number) => ({ size, root: digestFromHash(merkleRoot(hashes.slice(0, size))) });

  it('give back what was signed', () => {
    const note = signNote(formatCheckpoint(key.name, stateOf(9)), key, sign);
    expect(openCheckpoint(note, key, verify)).toEqual(stateOf(9));
    const extended = signNote(`${formatCheckpoint(key.name, stateOf(9))}an extension\n`, key, sign);
    expect(openCheckpoint(extended, key, verify)).toEqual(stateOf(9));
    const root = formatCheckpoint(key.name, stateOf(9)).split('\n')[2] ?? '';
    const texts = [
      `elsewhere\n9\n${root}\n`,
      `${key.name}\n09\n${root}\n`,
      `${key.name}\n9\nAAAA\n`,
      `${key.name}\n9\n`,
    ];
    for (const text of texts) expect(openCheckpoint(signNote(text, key, sign), key, verify)).toBeUndefined();
  });

  it('tell whether one continues another', () => {
    const proof = makeConsistencyProof(hashes, 5).map(digestFromHash);
    expect(extendsLog(stateOf(5), stateOf(9), proof)).toBe(true);
    expect(extendsLog(stateOf(4), stateOf(9), proof)).toBe(false);
    expect(extendsLog(stateOf(9), stateOf(5), proof)).toBe(false);
    expect(extendsLog(stateOf(0), stateOf(5), [])).toBe(true);
    expect(extendsLog(stateOf(5), stateOf(5), [])).toBe(true);
    expect(extendsLog(stateOf(5), { size: 5, root: stateOf(4).root }, [])).toBe(false);
  });

  it('tell whether an entry is in', () => {
    const proof = makeInclusionProof(hashes, 3).map(digestFromHash);
    expect(includesEntry(stateOf(9), Uint8Array.of(3), 3, proof)).toBe(true);
    expect(includesEntry(stateOf(9), Uint8Array.of(4), 3, proof)).toBe(false);
    expect(includesEntry(stateOf(9), Uint8Array.of(3), 4, proof)).toBe(false);
  });
});

describe('entries', () => {
  const statement = createLogStatement({
    type: 'urn:skein:message/1',
    name: 'alliance/1/round/0/attempt/0/round/keys/1/0x00',
    digest: digestOfBytes(Uint8Array.of(1)),
    predicate: {
      protocol: 'skein/1',
      alliance: '1',
      round: 0,
      attempt: 0,
      kind: 'round/keys/1',
      sender: '0x00',
      signature: '0x01',
    },
  });
  const entry = encodeLogEntry(statement, key, sign);

  it('open to their statement', () => {
    expect(openLogEntry(entry, key, verify)).toEqual(statement);
    expect(subjectDigest(statement)).toBe(digestOfBytes(Uint8Array.of(1)));
    expect(encodeLogEntry(statement, key, sign)).toEqual(entry);
  });

  it('of a fixed statement sign the bytes that DSSE prescribes', () => {
    const envelope = JSON.parse(new TextDecoder().decode(entry)) as { payload: string; signatures: { sig: string }[] };
    const payload = Buffer.from(envelope.payload, 'base64');
    const signed = Buffer.concat([Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${payload.length} `), payload]);
    const signature = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64');
    expect(verifyNode(null, signed, pair.publicKey, signature)).toBe(true);
  });

  it('do not open with any byte changed, another key or another spelling', () => {
    for (let at = 0; at < entry.length; at++) {
      expect(openLogEntry(entry.with(at, (entry[at] ?? 0) ^ 1), key, verify)).toBeUndefined();
    }
    expect(openLogEntry(entry, goKey, verify)).toBeUndefined();
    const spaced = new TextEncoder().encode(new TextDecoder().decode(entry).replace('{', '{ '));
    expect(openLogEntry(spaced, key, verify)).toBeUndefined();
  });
});
