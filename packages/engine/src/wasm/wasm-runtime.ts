import { BaseError } from '@skein/core';
import * as ort from 'onnxruntime-web';
import type { Graph, Initializer } from '../graph/graph.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { Runtime, Session } from '../runtime/runtime.ts';
import { createSessionChecks } from '../runtime/session-checks.ts';
import { wrapSession } from '../runtime/wrap-session.ts';

export interface WasmRuntimeOptions {
  /** Of every session; the first runtime of a process decides. More than one needs a page that is cross-origin isolated. */
  readonly threads?: number;
  /** Needed for graphs whose weights lie in files. */
  readonly readBytes?: (file: string, offset: number, length: number) => Promise<Uint8Array>;
}

/**
 * ONNX Runtime compiled to WebAssembly, for a browser and wherever there is no native binary. It computes on the
 * calling thread, so it belongs in a worker; weights in files are copied into its memory of at most 4 GiB. A page should
 * have `onnxruntime-web/wasm` under the name `onnxruntime-web`: the build with a part for GPUs took four times as long.
 */
export function createWasmRuntime({ threads = 1, readBytes = withoutFiles }: WasmRuntimeOptions = {}): Runtime {
  ort.env.wasm.numThreads = threads;
  const inTurn = createQueue();
  const open = new Set<Session>();
  let closed = false;
  const queued = <T>(task: () => Promise<T>): Promise<T> =>
    inTurn(async () => {
      if (closed) throw new BaseError('engine/runtime-closed', 'The runtime was closed.');
      return task();
    });
  return {
    name: 'onnxruntime-web (wasm)',
    createSession: (graph) =>
      queued(async () => {
        const session = await createWasmSession(graph, readBytes);
        open.add(session);
        return {
          bind: (feeds) => {
            const own = mapTensors(feeds, (tensor) => ({ ...tensor, data: tensor.data.slice() }));
            return queued(() => session.bind(own));
          },
          run: (feeds, options) => queued(() => session.run(feeds, options).catch(rethrow)),
          release: () =>
            queued(async () => {
              await session.release();
              open.delete(session);
            }),
        };
      }),
    close: () =>
      inTurn(async () => {
        closed = true;
        for (const session of open) await session.release();
        open.clear();
      }),
  };
}

type ReadBytes = NonNullable<WasmRuntimeOptions['readBytes']>;

async function createWasmSession(graph: Graph, readBytes: ReadBytes): Promise<Session> {
  const externalData: { path: string; data: Uint8Array }[] = [];
  const placed: Initializer[] = [];
  for (const initializer of graph.initializers) {
    const { source } = initializer;
    if (ArrayBuffer.isView(source)) {
      placed.push(initializer);
      continue;
    }
    // A file of its own for every stretch: whole files may be larger than the memory there is.
    const path = String(externalData.length);
    const data = await readBytes(source.file, source.offset, source.length);
    if (data.length !== source.length) throw cutOff(initializer.name, source.length, data.length);
    externalData.push({ path, data });
    placed.push({ ...initializer, source: { file: path, offset: 0, length: source.length } });
  }
  const bytes = encodeModel({ ...graph, initializers: placed }, (file) => file);
  const native = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    enableMemPattern: false,
    logSeverityLevel: 4,
    externalData,
    // As for the native runtime (node/onnx-session.ts).
    extra: {
      session: { disable_prepacking: '1' },
      optimization: { disable_specified_optimizers: 'ConstantFolding;EliminateIdentity' },
    },
  }).catch(rethrow);
  return wrapSession(native, createSessionChecks(graph), {
    fromTensor: ({ type, data, dims }) => new ort.Tensor(type, data, [...dims]),
  });
}

function rethrow(cause: unknown): never {
  if (cause instanceof BaseError) throw cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  throw new BaseError('engine/runtime', message, { hints: ['Report it with the command that led here.'], cause });
}

function mapTensors<T>(tensors: Readonly<Record<string, T>>, change: (tensor: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));
}

/** Runs one task after the other, whether the one before failed or not. */
function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result;
    return result;
  };
}

function cutOff(name: string, expected: number, found: number): BaseError {
  return new BaseError('engine/weight-bytes', `${name} has ${found} bytes of ${expected}.`, {
    hints: ['Download the weights again.'],
  });
}

async function withoutFiles(file: string): Promise<never> {
  throw new BaseError('engine/no-reader', `The graph's weights lie in ${file}, but the runtime was given no reader.`, {
    hints: ['Pass readBytes to createWasmRuntime.'],
  });
}
