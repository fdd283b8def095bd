import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BaseError } from '@skein/core';
import type { Graph } from '../graph/graph.ts';
import type {
  CacheShape,
  KeyValueCache,
  RowCopy,
  RunOptions,
  Runtime,
  Session,
  SessionOptions,
  TensorStore,
} from '../runtime/runtime.ts';
import type { Tensors } from '../tensor.ts';
import { buffersOf, copyInto } from './moved-tensors.ts';
import type { Device } from './onnx-session.ts';

/** What the worker is asked; every request is answered in order. */
export type RuntimeRequest =
  | {
      readonly kind: 'create';
      readonly session: number;
      readonly graph: Graph;
      readonly options: SessionOptions & { device: Device };
    }
  | { readonly kind: 'bind'; readonly session: number; readonly feeds: Tensors }
  | { readonly kind: 'run'; readonly session: number; readonly feeds: Tensors; readonly options: RunOptions }
  | { readonly kind: 'release'; readonly session: number }
  | { readonly kind: 'create-cache'; readonly cache: number; readonly shape: CacheShape }
  | { readonly kind: 'resize-cache'; readonly cache: number; readonly rows: number; readonly capacity: number }
  | { readonly kind: 'copy-row'; readonly cache: number; readonly move: RowCopy }
  | { readonly kind: 'release-cache'; readonly cache: number }
  | { readonly kind: 'create-store'; readonly store: number }
  | { readonly kind: 'put'; readonly store: number; readonly tensors: Tensors }
  | { readonly kind: 'read'; readonly store: number; readonly names: readonly string[] }
  | { readonly kind: 'release-store'; readonly store: number }
  /** Ends the worker after all that was asked before. */
  | { readonly kind: 'end' };

export interface RuntimeReply {
  readonly results?: Tensors;
  readonly error?: { readonly code: string | undefined; readonly message: string; readonly hints: readonly string[] };
}

/**
 * ONNX Runtime in a worker thread: its runs block the thread they are on, so the caller's stays free for signals,
 * sockets and progress.
 */
export function createWorkerRuntime(device: Device = 'cpu'): Runtime {
  const worker = new Worker(new URL('./runtime-worker.ts', import.meta.url));
  // A process whose work is done may end without asking the worker.
  worker.unref();
  const waiting: { resolve: (results: Tensors) => void; reject: (error: unknown) => void }[] = [];
  let sessions = 0;
  let caches = 0;
  let stores = 0;
  let ended: unknown;

  const settle = () => (waiting.length === 0 ? worker.unref() : worker.ref());
  worker.on('message', ({ results, error }: RuntimeReply) => {
    const next = waiting.shift();
    settle();
    if (error) next?.reject(new BaseError(error.code ?? 'engine/runtime', error.message, { hints: error.hints }));
    else next?.resolve(results ?? {});
  });
  const end = (error: unknown) => {
    ended = error;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on('error', end);
  worker.on('exit', () => end(new BaseError('engine/runtime-closed', 'The runtime was closed.')));

  const ask: Ask = (request, moved = []) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      waiting.push({ resolve, reject });
      settle();
      worker.postMessage(request, moved);
    });

  return {
    name: `onnxruntime-node (${device})`,
    // ONNX Runtime's attention on a cache in place is made for the CPU here.
    ...(device === 'cpu' && { createCache: (shape) => openCache(caches++, shape, ask) }),
    ...(device === 'webgpu' && { createStore: () => openStore(stores++, ask) }),
    async createSession(graph, options = {}): Promise<Session> {
      const session = sessions++;
      await ask({ kind: 'create', session, graph, options: { ...options, device } });
      return sessionOf(session, ask);
    },
    async close() {
      if (!ended) await endWorker(worker);
    },
  };
}

/** @param moved memory that is the worker's from now on */
type Ask = (request: RuntimeRequest, moved?: ArrayBuffer[]) => Promise<Tensors>;

function sessionOf(session: number, ask: Ask): Session {
  /** What was bound before: memory for what is bound next, which a garbage collector might leave for many steps. */
  let spare: Tensors = {};
  return {
    async bind(feeds) {
      const copies = copyInto(spare, feeds);
      spare = {};
      spare = await ask({ kind: 'bind', session, feeds: copies }, buffersOf(copies));
    },
    run: (feeds, options = {}) => ask({ kind: 'run', session, feeds, options }),
    release: async () => void (await ask({ kind: 'release', session })),
  };
}

async function openStore(store: number, ask: Ask): Promise<TensorStore> {
  await ask({ kind: 'create-store', store });
  return {
    id: store,
    put: async (tensors) => void (await ask({ kind: 'put', store, tensors })),
    read: (names) => ask({ kind: 'read', store, names }),
    release: async () => void (await ask({ kind: 'release-store', store })),
  };
}

async function openCache(cache: number, shape: CacheShape, ask: Ask): Promise<KeyValueCache> {
  await ask({ kind: 'create-cache', cache, shape });
  return {
    id: cache,
    resize: async (rows, capacity) => void (await ask({ kind: 'resize-cache', cache, rows, capacity })),
    copyRow: async (move) => void (await ask({ kind: 'copy-row', cache, move })),
    release: async () => void (await ask({ kind: 'release-cache', cache })),
  };
}

/** Not `terminate`: a worker that is stopped while it loads or enters the native library takes the process along. */
async function endWorker(worker: Worker): Promise<void> {
  const exited = once(worker, 'exit');
  worker.ref();
  worker.postMessage({ kind: 'end' } satisfies RuntimeRequest);
  await exited;
}
