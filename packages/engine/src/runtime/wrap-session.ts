import { BaseError } from '@skein/core';
import type { Tensor, Tensors, TensorType } from '../tensor.ts';
import type { CacheRows, Session } from './runtime.ts';
import type { SessionChecks } from './session-checks.ts';

/** A tensor of ONNX Runtime, whichever of its packages it is from. */
export interface NativeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export interface NativeSession<T extends NativeTensor> {
  /** @param fetch outputs, each with the tensor that takes it, or null for a new one. */
  run(feeds: Record<string, T>, fetch: Record<string, T | null>): Promise<Readonly<Record<string, NativeTensor>>>;
  release(): Promise<void>;
}

export interface NativeTensors<T extends NativeTensor> {
  fromTensor(tensor: Tensor): T;
  /** Inputs and outputs of a run that lie in a cache. */
  ofCache?(rows: CacheRows): { readonly past: Record<string, T>; readonly present: Record<string, T> };
}

/**
 * A session of ONNX Runtime as ours. The arrays of feeds are borrowed: of `run` until it settles, of `bind` until the
 * input is bound again. Runs are not put in order.
 */
export function wrapSession<T extends NativeTensor>(
  native: NativeSession<T>,
  checks: SessionChecks,
  tensors: NativeTensors<T>,
): Session {
  const toNative = (feeds: Tensors) =>
    Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensors.fromTensor(tensor)]));
  let bound: Record<string, T> = {};
  return {
    async bind(feeds) {
      checks.bind(feeds);
      bound = { ...bound, ...toNative(feeds) };
    },
    async run(feeds, options = {}) {
      const cached = (options.cache && tensors.ofCache?.(options.cache)) ?? { past: {}, present: {} };
      const isBound = (name: string) => Object.hasOwn(bound, name) || Object.hasOwn(cached.past, name);
      const { fetch, carry } = checks.run(feeds, options, isBound);
      const kept = new Set(carry.map(([output]) => output));
      const wanted = Object.fromEntries([...fetch, ...kept].map((name) => [name, null]));
      if (fetch.length + kept.size === 0) return {};
      const inputs = { ...bound, ...cached.past, ...toNative(feeds) };
      const results = await native.run(inputs, { ...wanted, ...cached.present });
      for (const [output, input] of carry) bound[input] = wholeResult(results[output]) as T;
      return Object.fromEntries(
        fetch.map((name) => {
          const tensor = fromNative(wholeResult(results[name]));
          // The caller may move the memory of a result away, even to another thread; what stays here needs its own.
          return [name, kept.has(name) ? { ...tensor, data: tensor.data.slice() } : tensor];
        }),
      );
    },
    async release() {
      checks.release();
      bound = {};
      await native.release();
    },
  };
}

function wholeResult(tensor: NativeTensor | undefined): NativeTensor {
  if (!tensor) throw new BaseError('engine/runtime-output', 'ONNX Runtime left out a result that was asked for.');
  return tensor;
}

function fromNative(tensor: NativeTensor): Tensor {
  return { type: tensor.type as TensorType, dims: tensor.dims, data: tensor.data as Tensor['data'] };
}
