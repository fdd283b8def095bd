import { realpathSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { BaseError } from '@skein/core';
import * as ort from 'onnxruntime-node';
import { type Graph, GraphBuilder } from '../graph/graph.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { CacheRows, Session, SessionOptions, StoreUse } from '../runtime/runtime.ts';
import { createSessionChecks } from '../runtime/session-checks.ts';
import { wrapSession } from '../runtime/wrap-session.ts';
import { DeviceWeights, type WeightsOfSession } from './device-weights.ts';
import type { OnnxCache } from './onnx-cache.ts';
import type { OnnxStore } from './onnx-store.ts';

export type Device = 'cpu' | 'webgpu';

/** The caches and stores of this thread, by their number. */
export interface Held {
  readonly caches: ReadonlyMap<number, OnnxCache>;
  readonly stores: ReadonlyMap<number, OnnxStore>;
}

/** A session of ONNX Runtime on this thread: `run` blocks it, so this belongs in a worker (see worker-runtime.ts). */
export async function createOnnxSession(
  graph: Graph,
  options: SessionOptions & { device: Device; held: Held },
): Promise<Session> {
  if (options.device === 'cpu') return openSession(graph, options, {});
  deviceKeeper ??= await openDeviceKeeper();
  const weights = await deviceWeights.open(graph);
  try {
    return await openSession(graph, options, weights);
  } catch (error) {
    weights.release();
    throw error;
  }
}

/** @param asked the graph as its caller knows it */
async function openSession(
  asked: Graph,
  options: SessionOptions & { device: Device; held: Held },
  weights: Partial<WeightsOfSession>,
): Promise<Session> {
  const graph = weights.graph ?? asked;
  const { folder, locationOf } = placeExternalFiles(graph);
  const bytes = encodeModel(graph, locationOf);
  const native = await ort.InferenceSession.create(bytes, {
    executionProviders: [options.device],
    intraOpNumThreads: options.threads ?? 0,
    interOpNumThreads: 1,
    // A plan of memory for static shapes raises the peak and saves no time (measured: docs/performance.md).
    enableMemPattern: false,
    // Errors are thrown with their text; a second copy on stderr would stand in the middle of a progress bar.
    logSeverityLevel: 4,
    ...(options.kept && {
      preferredOutputLocation: Object.fromEntries(options.kept.map((name) => [name, 'gpu-buffer' as const])),
    }),
    ...(options.profilePrefix !== undefined && {
      enableProfiling: true,
      profileFilePrefix: options.profilePrefix,
    }),
    extra: {
      session: {
        // Packed copies of every weight double memory; at training's row counts they save no time.
        disable_prepacking: options.prepack ? '0' : '1',
        // A thread that waits spins, by default for tens of milliseconds: while nothing runs, and while it keeps other
        // threads from the very core that it waits for (measured: docs/performance.md).
        force_spinning_stop: '1',
        intra_op: { spin_duration_us: '100' },
        ...(folder !== undefined && { model_external_initializers_file_folder_path: folder }),
      },
      // Folding Cast(bf16 weight) into a constant would make the float32 copy that mapping avoids. Without the Identity
      // at each output, nodes run in an order in which all gradients of weights come last and hold what they need.
      optimization: { disable_specified_optimizers: 'ConstantFolding;EliminateIdentity' },
    },
  });
  return wrapSession(native, createSessionChecks(asked), {
    fromTensor: ({ type, data, dims }) => new ort.Tensor(type, data, [...dims]),
    ofCache: (rows) => rowsOf(options.held, rows),
    ofStore: (use) => storeOf(options.held, use),
    beforeRelease(session) {
      options.held.stores.forEach((store) => store.dropMadeBy(session));
      weights.release?.();
    },
    weights: weights.inputs,
  });
}

/** Stays open: with the last session the device would go, and its compiled shaders, which take seconds, with it. */
let deviceKeeper: ort.InferenceSession | undefined;

function openDeviceKeeper(): Promise<ort.InferenceSession> {
  const g = new GraphBuilder();
  g.output('y', g.input('x', [1]));
  const options = { executionProviders: ['webgpu'], logSeverityLevel: 4 } as const;
  return ort.InferenceSession.create(encodeModel(g.build(), String), options).catch((cause: Error) => {
    throw cause.message.includes('WebGPU adapter') ? noWebGpu(cause) : cause;
  });
}

const deviceWeights = new DeviceWeights();

function noWebGpu(cause: Error): BaseError {
  return new BaseError('engine/no-webgpu-adapter', 'This machine has no graphics adapter that WebGPU can use.', {
    hints: [
      'Compute on the CPU: --device cpu.',
      'On Linux, WebGPU needs a Vulkan driver and its loader (Debian: libvulkan1).',
    ],
    cause,
  });
}

function rowsOf({ caches }: Held, { id, start, end }: CacheRows): ReturnType<OnnxCache['rows']> {
  const cache = caches.get(id);
  if (!cache) throw new BaseError('engine/session-released', 'The cache was released.');
  return cache.rows(start, end);
}

function storeOf({ stores }: Held, { id }: StoreUse): OnnxStore {
  const store = stores.get(id);
  if (!store) throw new BaseError('engine/session-released', 'The store was released.');
  return store;
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
