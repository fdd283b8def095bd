import { BaseError } from '@skein/core';
import { describe, expect, test } from 'vitest';
import { parseModelConfig } from './model-config.ts';
import { inverseFrequencies } from './rotary-table.ts';
import { tinyConfig, tinyConfigJson } from './testing/tiny-model.ts';

const { rope_parameters: _, ...withoutRope } = tinyConfigJson('llama', { head_dim: 8 });

const LLAMA3 = {
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 32,
};

describe('rotary frequencies equal those of transformers 5.18 (LlamaRotaryEmbedding, head_dim 8, theta 500)', () => {
  test.each([
    ['default', {}, [1, 0.2114742398262024, 0.04472136124968529, 0.009457415901124477]],
    ['linear', { factor: 4 }, [0.25, 0.0528685599565506, 0.011180340312421322, 0.0023643539752811193]],
    ['llama3', LLAMA3, [1, 0.031185457482933998, 0.005590170156210661, 0.0011821769876405597]],
  ])('%s, in both spellings', (type, scaling, expected) => {
    const newer = { ...withoutRope, rope_parameters: { rope_theta: 500, rope_type: type, ...scaling } };
    const older = { ...withoutRope, rope_theta: 500, rope_scaling: { rope_type: type, ...scaling } };
    const oldest = { ...withoutRope, rope_theta: 500, rope_scaling: { type, ...scaling } };
    for (const json of [newer, older, oldest]) {
      const frequencies = inverseFrequencies(parseModelConfig(json, 'config.json'));
      // Two units in the last place: transformers blends in float32.
      frequencies.forEach((value, i) => expect(Math.abs(value / expected[i]! - 1)).toBeLessThan(2 ** -22));
    }
  });
});

test('heads: MQA, GQA, all; a head size of its own or hidden size over heads', () => {
  const heads = (changes: object) => {
    const { heads: query, kvHeads, headSize } = tinyConfig('qwen2', { hidden_size: 24, ...changes });
    return [query, kvHeads, headSize];
  };
  expect(heads({ num_key_value_heads: 1 })).toEqual([4, 1, 4]);
  expect(heads({ num_key_value_heads: null, head_dim: null })).toEqual([4, 4, 6]);
  expect(tinyConfig('qwen3', { head_dim: null }).headSize).toBe(128);
});

describe('what is not computed is refused by its name', () => {
  test.each([
    [{ rope_parameters: { rope_type: 'yarn', factor: 4 } }, 'engine/unknown-rope', '"yarn"'],
    [{ rope_parameters: { rope_type: 'dynamic', factor: 4 } }, 'engine/unknown-rope', '"dynamic"'],
    [{ rope_parameters: { rope_type: 'longrope', factor: 4 } }, 'engine/unknown-rope', '"longrope"'],
    [{ rope_parameters: { rope_type: 'llama3', factor: 4 } }, 'engine/config-invalid', 'lacks low_freq_factor'],
    [{ model_type: 'qwen3_moe' }, 'engine/unknown-architecture', '"qwen3_moe"'],
    [{ hidden_act: 'gelu' }, 'engine/config-unsupported', '"gelu"'],
    [{ use_sliding_window: true }, 'engine/config-unsupported', 'sliding-window'],
    [{ quantization_config: { bits: 4 } }, 'engine/config-unsupported', 'quantised'],
    [{ partial_rotary_factor: 0.5 }, 'engine/config-unsupported', 'part (0.5)'],
    [{ num_key_value_heads: 3 }, 'engine/config-unsupported', '4 heads on 3'],
    [{ vocab_size: 'many' }, 'engine/config-invalid', 'vocab_size'],
  ])('%j', (changes, code, says) => {
    const parse = () => tinyConfig('llama', changes);
    expect(parse).toThrow(BaseError);
    expect(parse).toThrow(expect.objectContaining({ code, message: expect.stringContaining(says) }));
  });
});
