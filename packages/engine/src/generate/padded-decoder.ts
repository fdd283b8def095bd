import { BaseError, invariant } from '@skein/core';
import type { CausalLmTask } from '../models/causal-lm.ts';
import type { ModelConfig } from '../models/model-config.ts';
import type { Session } from '../runtime/runtime.ts';
import { float32, int32, type Tensor, type Tensors } from '../tensor.ts';
import type { Decoder, NextToken } from './decoder.ts';

/** Added to the score of a key that must not be seen. */
const MASKED = -1e30;

export interface PaddedDecoderOptions {
  readonly config: ModelConfig;
  readonly session: (task: CausalLmTask) => Promise<Session>;
  readonly angles: (positions: Int32Array, batch: number) => { cos: Tensor; sin: Tensor };
}

/**
 * A decoder of standard operators, for every runtime: the cache is made anew with each token. Shorter prompts are padded
 * on the left; padding is never seen.
 */
export function createPaddedDecoder({ config, session: open, angles }: PaddedDecoderOptions): Decoder {
  const names = Array.from({ length: config.layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  const carry = Object.fromEntries(names.map((name) => [`present.${name}`, `past.${name}`]));
  let padding: readonly number[] = [];
  let seen = 0;

  async function read(fresh: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const session = await open({ kind: 'generate', batch: fresh.length });
    if (seen === 0) await session.bind(emptyCache(names, [fresh.length, config.kvHeads, 0, config.headSize]));
    const { logits } = await session.run(feeds(fresh), { fetch: ['logits'], carry });
    invariant(logits?.data instanceof Float32Array, 'the runtime gave no logits');
    seen += fresh[0]?.length ?? 0;
    const [data, width] = [logits.data, config.vocabularySize];
    return fresh.map((_, row) => data.subarray(row * width, (row + 1) * width));
  }

  function feeds(fresh: readonly (readonly number[])[]): Tensors {
    const batch = fresh.length;
    const length = fresh[0]?.length ?? 0;
    const positions = fresh.flatMap((row, b) => row.map((_, i) => Math.max(0, seen + i - (padding[b] ?? 0))));
    return {
      ids: int32([batch * length], Int32Array.from(fresh.flat())),
      ...angles(Int32Array.from(positions), batch),
      bias: causalBias({ length, seen, padding }),
      last: int32(
        [batch],
        Int32Array.from(fresh, (_, b) => (b + 1) * length - 1),
      ),
    };
  }

  return {
    start(prompts) {
      const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
      padding = prompts.map((prompt) => longest - prompt.length);
      seen = 0;
      return read(prompts.map((prompt, row) => [...Array.from({ length: padding[row] ?? 0 }, () => 0), ...prompt]));
    },
    async next(tokens: readonly NextToken[]) {
      const fresh = padding.map(() => [0]);
      for (const { row, token } of tokens) fresh[row] = [token];
      const logits = await read(fresh);
      return tokens.map(({ row }) => logits[row] as Float32Array);
    },
    useAdapter: refuseSwap,
    // Their sessions belong to the model, which binds parameters and releases them.
    parametersChanged() {},
    async release() {},
  };
}

function refuseSwap(): never {
  throw new BaseError('engine/adapter-swap', 'Here an adapter is part of the graph and is not swapped.', {
    hints: ['Open the model with the other adapter.', 'On the CPU, models with heads a multiple of 16 wide swap them.'],
  });
}

function emptyCache(names: readonly string[], dims: readonly number[]): Tensors {
  return Object.fromEntries(names.map((name) => [`past.${name}`, float32(dims, new Float32Array(0))]));
}

/** [batch, 1, length, seen+length]: which keys each new token sees. Padding sees itself only, to stay finite. */
function causalBias({ length, seen, padding }: { length: number; seen: number; padding: readonly number[] }): Tensor {
  const total = seen + length;
  const data = new Float32Array(padding.length * length * total).fill(MASKED);
  padding.forEach((pad, b) => {
    for (let i = 0; i < length; i++) {
      const row = (b * length + i) * total;
      const own = seen + i;
      data.fill(0, row + Math.min(pad, own), row + own + 1);
    }
  });
  return float32([padding.length, 1, length, total], data);
}
