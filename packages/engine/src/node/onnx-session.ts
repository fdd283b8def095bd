import { realpathSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { BaseError } from '@skein/core';
import * as ort from 'onnxruntime-node';
import type { Graph } from '../graph/graph.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { RunOptions, Session, SessionOptions } from '../runtime/runtime.ts';
import { createSessionChecks, type SessionChecks } from '../runtime/session-checks.ts';
import type { Tensor, Tensors, TensorType } from '../tensor.ts';
import type { OnnxCache } from './onnx-cache.ts';

export type Device = 'cpu' | 'webgpu';

/** The caches of this thread, by their number. */
export type Caches = ReadonlyMap<number, OnnxCache>;

/** A session of ONNX Runtime on this thread: `run` blocks it, so this belongs in a worker (see worker-runtime.ts). */
export async function createOnnxSession(
  graph: Graph,
  options: SessionOptions & { device: Device; caches: Caches },
): Promise<Session> {
  const { folder, locationOf } = placeExternalFiles(graph);
  const bytes = encodeModel(graph, locationOf);
  const creation = ort.InferenceSession.create(bytes, {
    executionProviders: [options.device],
    intraOpNumThreads: options.threads ?? 0,
    interOpNumThreads: 1,
    // A plan of memory for static shapes raises the peak and saves no time (measured: docs/performance.md).
    enableMemPattern: false,
    // Errors are thrown with their text; a second copy on stderr would stand in the middle of a progress bar.
    logSeverityLevel: 4,
    extra: {
      session: {
        // Packed copies of every weight double memory; at training's row counts they save no time.
        disable_prepacking: options.prepack ? '0' : '1',
        ...(folder !== undefined && { model_external_initializers_file_folder_path: folder }),
      },
      // Folding Cast(bf16 weight) into a constant would make the float32 copy that mapping avoids. Without the Identity
      // at each output, nodes run in an order in which all gradients of weights come last and hold what they need.
      optimization: { disable_specified_optimizers: 'ConstantFolding;EliminateIdentity' },
    },
  });
  const native = await creation.catch((cause: Error) => {
    throw cause.message.includes('WebGPU adapter') ? noWebGpu(cause) : cause;
  });
  return wrapSession(native, createSessionChecks(graph), options.caches);
}

function noWebGpu(cause: Error): BaseError {
  return new BaseError('engine/no-webgpu-adapter', 'This machine has no graphics adapter that WebGPU can use.', {
    hints: [
      'Compute on the CPU: --device cpu.',
      'On Linux, WebGPU needs a Vulkan driver and its loader (Debian: libvulkan1).',
    ],
    cause,
  });
}

function wrapSession(native: ort.InferenceSession, checks: SessionChecks, caches: Caches): Session {
  let bound: Record<string, ort.Tensor> = {};
  return {
    async bind(feeds) {
      checks.bind(feeds);
      bound = { ...bound, ...toNative(feeds) };
    },
    async run(feeds, options = {}) {
      const cached = rowsOf(caches, options);
      const isBound = (name: string) => Object.hasOwn(bound, name) || Object.hasOwn(cached.past, name);
      const { fetch, carry } = checks.run(feeds, options, isBound);
      const kept = new Set(carry.map(([output]) => output));
      const wanted = Object.fromEntries([...fetch, ...kept].map((name) => [name, null]));
      if (fetch.length + kept.size === 0) return {};
      const inputs = { ...bound, ...cached.past, ...toNative(feeds) };
      const results = await native.run(inputs, { ...wanted, ...cached.present });
      for (const [output, input] of carry) bound[input] = wholeResult(results[output]);
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

function rowsOf(caches: Caches, { cache: rows }: RunOptions): ReturnType<OnnxCache['rows']> {
  if (!rows) return { past: {}, present: {} };
  const cache = caches.get(rows.id);
  if (!cache) throw new BaseError('engine/session-released', 'The cache was released.');
  return cache.rows(rows.start, rows.end);
}

function toNative(feeds: Tensors): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, [...dims])]),
  );
}

function wholeResult(tensor: ort.Tensor | undefined): ort.Tensor {
  if (!tensor) throw new BaseError('engine/runtime-output', 'ONNX Runtime left out a result that was asked for.');
  return tensor;
}

function fromNative(tensor: ort.Tensor): Tensor {
  return { type: tensor.type as TensorType, dims: tensor.dims, data: tensor.data as Tensor['data'] };
}

/**
 * ONNX names weights' files relative to one folder and refuses links that lead out of it, while a Hugging Face cache
 * is made of links into a folder of blobs. So files are named by their real place, under their nearest common folder.
 */
function placeExternalFiles(graph: Graph): { folder: string | undefined; locationOf: (file: string) => string } {
  const files = new Set<string>();
  for (const { source } of graph.initializers) if (!ArrayBuffer.isView(source)) files.add(source.file);
  const real = new Map([...files].map((file) => [file, realpathSync(file)]));
  const folders = [...real.values()].map((file) => dirname(file).split(sep));
  const shared = folders.reduce<string[] | undefined>((common, parts) => {
    if (!common) return parts;
    const different = common.findIndex((part, i) => part !== parts[i]);
    return different < 0 ? common : common.slice(0, different);
  }, undefined);
  const folder = shared && (shared.join(sep) || sep);
  return {
    folder,
    locationOf: (file) =>
      relative(folder ?? '', real.get(file) ?? file)
        .split(sep)
        .join('/'),
  };
}
