import { BaseError } from '@skein/core';
import type { Tensor, Tensors, TensorType } from '../tensor.ts';
import type { CacheRows, Session, StoreUse } from './runtime.ts';
import type { SessionChecks } from './session-checks.ts';

/** A tensor of ONNX Runtime, whichever of its packages it is from. */
export interface NativeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export interface NativeSession<T extends NativeTensor> {
  readonly inputNames: readonly string[];
  /** @param fetch outputs, each with the tensor that takes it, or null for a new one. */
  run(feeds: Record<string, T>, fetch: Record<string, T | null>): Promise<Readonly<Record<string, NativeTensor>>>;
  release(): Promise<void>;
}

/** What a store holds, as its runtime has it. */
export interface NativeStore<T extends NativeTensor> {
  get(name: string): T | undefined;
  /** Takes what an earlier tensor of that name held out of memory. */
  set(name: string, tensor: T, maker: object): void;
}

export interface NativeTensors<T extends NativeTensor> {
  fromTensor(tensor: Tensor): T;
  /** Inputs and outputs of a run that lie in a cache. */
  ofCache?(rows: CacheRows): { readonly past: Record<string, T>; readonly present: Record<string, T> };
  ofStore?(use: StoreUse): NativeStore<T>;
  /** Inputs that the caller does not know of. */
  readonly weights?: Readonly<Record<string, T>> | undefined;
  /** The session will be released, and with it what it made. */
  beforeRelease?(native: object): void;
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
      const store = options.store && tensors.ofStore?.(options.store);
      const stored = store ? takeFrom(store, native.inputNames) : {};
      const before = { ...stored, ...bound, ...cached.past };
      const isBound = (name: string) => Object.hasOwn(before, name);
      const { fetch, carry } = checks.run(feeds, options, isBound);
      const kept = new Set(carry.map(([output]) => output));
      const keep = Object.entries(options.store?.keep ?? {});
      const wanted = Object.fromEntries(
        [...fetch, ...kept, ...keep.map(([output]) => output)].map((name) => [name, null]),
      );
      if (Object.keys(wanted).length === 0 && !options.cache) return {};
      const inputs = { ...tensors.weights, ...before, ...toNative(feeds) };
      const results = await native.run(inputs, { ...wanted, ...cached.present });
      for (const [output, input] of carry) bound[input] = wholeResult(results[output]) as T;
      for (const [output, name] of keep) store?.set(name, wholeResult(results[output]) as T, native);
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
      tensors.beforeRelease?.(native);
      await native.release();
    },
  };
}

function takeFrom<T extends NativeTensor>(store: NativeStore<T>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const tensor = store.get(name);
      return tensor ? [[name, tensor]] : [];
    }),
  );
}

function wholeResult(tensor: NativeTensor | undefined): NativeTensor {
  if (!tensor) throw new BaseError('engine/runtime-output', 'ONNX Runtime left out a result that was asked for.');
  return tensor;
}

function fromNative(tensor: NativeTensor): Tensor {
  return { type: tensor.type as TensorType, dims: tensor.dims, data: tensor.data as Tensor['data'] };
}
