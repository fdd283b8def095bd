import { describe, expect, test } from 'vitest';
import { tinyConfig } from '../models/testing/tiny-model.ts';
import { adapterModules, formatAdapterConfig, parseAdapterConfig, unusedPattern } from './adapter-config.ts';

const PLAIN = { peft_type: 'LORA', r: 8, lora_alpha: 16, target_modules: ['q_proj', 'up_proj'] };
const parse = (changes: object = {}) => parseAdapterConfig({ ...PLAIN, ...changes }, 'adapter_config.json');
const model = tinyConfig('qwen3');

describe('a setting that changes the result and is not computed is refused by its name', () => {
  test.each([
    [{ use_dora: true }, 'DoRA'],
    [{ peft_type: 'LOHA' }, 'LOHA'],
    [{ modules_to_save: ['lm_head'] }, 'modules_to_save'],
    [{ fan_in_fan_out: true }, 'fan_in_fan_out'],
    [{ lora_bias: true }, 'lora_bias'],
    [{ bias: 'all' }, 'bias'],
    [{ ensure_weight_tying: true, target_modules: ['lm_head'] }, 'ensure_weight_tying'],
    [{ init_lora_weights: 'pissa' }, 'pissa'],
  ])('%j', (changes, says) => {
    expect(() => parse(changes)).toThrow(
      expect.objectContaining({ code: 'engine/adapter-unsupported', message: expect.stringContaining(says) }),
    );
  });
});

test('what is written is read again', () => {
  const config = parse({ use_rslora: true, rank_pattern: { q_proj: 4 }, alpha_pattern: { 'layers.1.mlp.up_proj': 3 } });
  expect(parseAdapterConfig(JSON.parse(formatAdapterConfig(config)), 'again')).toEqual(config);
});

test('patterns give rank and scale, as PEFT finds them', () => {
  const config = parse({ rank_pattern: { q_proj: 4 }, alpha_pattern: { 'layers\\.1\\..*up_proj': 3, q_proj: 2 } });
  const found = adapterModules(config, model).map(({ path, rank, scale }) => [
    path.replace('model.layers.', ''),
    rank,
    scale,
  ]);
  expect(found).toEqual([
    ['0.self_attn.q_proj', 4, 2 / 4],
    ['0.mlp.up_proj', 8, 16 / 8],
    ['1.self_attn.q_proj', 4, 2 / 4],
    ['1.mlp.up_proj', 8, 3 / 8],
  ]);
  const stabilised = adapterModules({ ...config, rankStabilized: true }, model);
  expect(stabilised[0]).toMatchObject({ rank: 4, scale: 2 / Math.sqrt(4) });
});

test('the output layer is a linear like others, but for "all-linear" and where layers are chosen, as in PEFT', () => {
  const paths = (changes: object) => adapterModules(parse(changes), model).map(({ path }) => path);
  expect(paths({ target_modules: ['lm_head'] })).toEqual(['lm_head']);
  expect(paths({ target_modules: '.*layers\\.0\\..*v_proj|lm_head' })).toEqual([
    'model.layers.0.self_attn.v_proj',
    'lm_head',
  ]);
  expect(paths({ target_modules: 'all-linear' })).toHaveLength(14);
  expect(paths({ target_modules: 'all-linear' })).not.toContain('lm_head');
  const chosen = { target_modules: ['q_proj', 'lm_head'], layers_to_transform: [1] };
  expect(() => paths(chosen)).toThrow(/"lm_head" is no linear/);
});

test('a target or a pattern that fits nothing is found', () => {
  expect(() => adapterModules(parse({ target_modules: ['q_proj', 'query'] }), model)).toThrow(
    /"query" is no linear of this model/,
  );
  const config = parse({ rank_pattern: { k_proj: 4 } });
  expect(unusedPattern(config, adapterModules(config, model))).toBe('k_proj');
  expect(unusedPattern(parse({ rank_pattern: { q_proj: 4 } }), adapterModules(config, model))).toBeUndefined();
});
