import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import awkward from '../../../../test/vectors/transformers-text/expected.json' with { type: 'json' };
import vectors from '../../../../test/vectors/tokenizer/expected.json' with { type: 'json' };
import tokenizerJson from '../../../../test/vectors/tokenizer/tokenizer.json' with { type: 'json' };
import tokenizerConfig from '../../../../test/vectors/tokenizer/tokenizer_config.json' with { type: 'json' };
import { vectorTokenizer as tokenizer } from './testing/vector-vocabulary.ts';
import { createTokenizer } from './tokenizer.ts';

describe('the tokenizer vectors', () => {
  it('encodes and decodes every text, the empty one too', () => {
    expect(vectors.encodings.some(({ text }) => text === '')).toBe(true);
    for (const { text, ids, decoded } of vectors.encodings) {
      expect([...tokenizer.encode(text)], JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids), JSON.stringify(text)).toBe(decoded);
    }
  });

  it('encodes the texts of chats', () => {
    for (const { text, ids } of vectors.chats) {
      expect([...tokenizer.encode(text, { addSpecialTokens: false })]).toEqual(ids);
    }
  });

  it('agrees with transformers on awkward texts and on random ids', () => {
    for (const { text, ids } of awkward.encodings) {
      expect([...tokenizer.encode(text, { addSpecialTokens: false })], JSON.stringify(text)).toEqual(ids);
    }
    for (const { ids, decoded, skipped } of awkward.decodings) {
      expect(tokenizer.decode(ids)).toBe(decoded);
      expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(skipped);
    }
  });
});

describe('createTokenizer', () => {
  it('says what the files say', () => {
    expect(tokenizer.vocabSize).toBe(1200);
    expect(tokenizer.eosTokenIds).toEqual([2]);
    expect(tokenizer.padTokenId).toBe(0);
    expect(tokenizer.bosTokenId).toBeNull();
    expect([...tokenizer.specialIds]).toEqual([0, 1, 2]);
    expect(tokenizer.specialTokens).toEqual({ eos_token: '<|im_end|>', pad_token: '<|endoftext|>' });
    expect(tokenizer.hasPostProcessorSpecials).toBe(false);
    expect(tokenizer.tokenToId('<|im_start|>')).toBe(1);
  });

  it('gives back every text in its composed form, and the bytes of its tokens spell it', () => {
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const wellFormed = text.toWellFormed().normalize('NFC');
        const ids = tokenizer.encode(wellFormed);
        expect(tokenizer.decode(ids)).toBe(wellFormed);
        const bytes = [...ids].flatMap((id) => [...(tokenizer.tokenBytes(id) as Uint8Array)]);
        expect(utf8.decode(Uint8Array.from(bytes))).toBe(wellFormed);
      }),
    );
  });

  it('leaves out ids without a token', () => {
    expect(tokenizer.decode([42, 5000, 71])).toBe(tokenizer.decode([42, 71]));
    expect(tokenizer.decode([5000])).toBe('');
    expect(tokenizer.tokenBytes(5000)).toBeNull();
  });

  it('adds what the post-processor adds, unless told not to', () => {
    const single = [{ SpecialToken: { id: '<|endoftext|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }];
    const postProcessor = { ...tokenizerJson.post_processor, single };
    const withStart = createTokenizer({ ...tokenizerJson, post_processor: postProcessor }, tokenizerConfig);
    expect(withStart.hasPostProcessorSpecials).toBe(true);
    expect([...withStart.encode(' ')]).toEqual([0, 223]);
    expect([...withStart.encode('')]).toEqual([0]);
    expect([...withStart.encode(' ', { addSpecialTokens: false })]).toEqual([223]);
  });

  it('keeps the space before a full stop unless the file asks to tidy it', () => {
    const ids = tokenizer.encode('a .');
    expect(tokenizer.decode(ids)).toBe('a .');
    const tidying = createTokenizer(tokenizerJson, { ...tokenizerConfig, clean_up_tokenization_spaces: true });
    expect(tidying.decode(ids)).toBe('a.');
  });

  it('adds the tokens that only tokenizer_config.json knows', () => {
    const config = {
      eos_token: { content: '<|end|>', lstrip: false },
      bos_token: 'The',
      added_tokens_decoder: { '1201': { content: '<think>', special: false }, '0': { content: '<|endoftext|>' } },
    };
    const extended = createTokenizer(tokenizerJson, config);
    // As transformers: the listed ones first, a word of the vocabulary keeps its id, others get the next free one.
    expect([...extended.encode('<think>The<|end|>')]).toEqual([1200, extended.bosTokenId, 1201]);
    expect(extended.bosTokenId).toBe(tokenizer.tokenToId('The'));
    expect(extended.eosTokenIds).toEqual([1201]);
    expect(extended.specialIds.has(1200)).toBe(false);
    expect(extended.vocabSize).toBe(1202);
  });

  it('refuses files that are none, by name and field', () => {
    const malformed = expect.objectContaining({ code: 'engine/tokenizer-malformed' });
    expect(() => createTokenizer({ model: {} }, {})).toThrow(malformed);
    expect(() => createTokenizer(tokenizerJson, { eos_token: 7 })).toThrow(/tokenizer_config\.json .*eos_token/);
    const unknown = { ...tokenizerJson, pre_tokenizer: { type: 'Astrology' } };
    expect(() => createTokenizer(unknown, {})).toThrow(
      expect.objectContaining({ code: 'engine/tokenizer-unsupported' }),
    );
  });
});
