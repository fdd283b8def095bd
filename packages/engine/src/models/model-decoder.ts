import { invariant } from '@skein/core';
import { CachedDecoder, canCache } from '../generate/cached-decoder.ts';
import type { Decoder } from '../generate/decoder.ts';
import { createPaddedDecoder } from '../generate/padded-decoder.ts';
import type { StackedMatrix } from '../graph/stacked-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import { adapterInputNames, type CausalLmSpec } from './causal-lm.ts';
import { inverseFrequencies, rotaryAngles } from './rotary-table.ts';
import type { SessionPool } from './session-pool.ts';

export interface ModelToDecode {
  readonly spec: CausalLmSpec;
  readonly parameters: readonly Parameter[];
  readonly stacks?: ReadonlyMap<string, StackedMatrix>;
  readonly threads?: number;
}

/** The decoder of a model: on a cache in place where runtime and model allow it, otherwise of standard operators. */
export function createDecoder(runtime: Runtime, model: ModelToDecode, sessions: SessionPool): Decoder {
  const { spec, parameters, stacks, threads } = model;
  const { config, weights } = spec;
  // Where every weight is trained, weights are inputs, which only the graph of standard operators has.
  if (runtime.createCache && canCache(config) && spec.trainable.size === 0) {
    const adapter = { modules: spec.adapter, parameters: [...parameters, ...frozenArrays(spec)] };
    return new CachedDecoder(runtime, { config, weights, stacks, adapter, threads });
  }
  invariant(!stacks, `${runtime.name} does not generate in few bits`);
  const frequencies = inverseFrequencies(config);
  return createPaddedDecoder({
    config,
    session: async (task) => (await sessions.open(task)).session,
    angles: (positions, batch) => rotaryAngles(frequencies, positions, batch),
  });
}

/** Of an adapter, the arrays that are frozen and so stand among the weights. */
function frozenArrays({ weights, adapter }: CausalLmSpec): Parameter[] {
  return adapter.flatMap(({ path }) => {
    const frozen = weights.get(adapterInputNames(path).a);
    return frozen?.source instanceof Float32Array ? [{ ...frozen, data: frozen.source }] : [];
  });
}
