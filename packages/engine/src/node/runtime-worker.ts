import { parentPort } from 'node:worker_threads';
import { BaseError, invariant } from '@skein/core';
import type { Session } from '../runtime/runtime.ts';
import type { Tensors } from '../tensor.ts';
import { buffersOf } from './moved-tensors.ts';
import { OnnxCache } from './onnx-cache.ts';
import { createOnnxSession } from './onnx-session.ts';
import { OnnxStore } from './onnx-store.ts';
import type { RuntimeReply, RuntimeRequest } from './worker-runtime.ts';

const port = parentPort;
invariant(port, 'runtime-worker.ts is only started as a worker');

const sessions = new Map<number, Session>();
/** What is bound to each session. */
const bound = new Map<number, Tensors>();
const caches = new Map<number, OnnxCache>();
const stores = new Map<number, OnnxStore>();
let previous: Promise<void> = Promise.resolve();

port.on('message', (request: RuntimeRequest) => {
  previous = previous.then(() => (request.kind === 'end' ? port.close() : answer(request)));
});

type Answered = Exclude<RuntimeRequest, { kind: 'end' }>;

async function answer(request: Answered): Promise<void> {
  try {
    const results = await perform(request);
    port?.postMessage({ results } satisfies RuntimeReply, buffersOf(results));
  } catch (error) {
    const { code, hints } = error instanceof BaseError ? error : { code: undefined, hints: [] };
    port?.postMessage({ error: { code, hints, message: (error as Error).message } } satisfies RuntimeReply);
  }
}

async function perform(request: Answered): Promise<Tensors> {
  if (request.kind === 'create') {
    sessions.set(
      request.session,
      await createOnnxSession(request.graph, { ...request.options, held: { caches, stores } }),
    );
    return {};
  }
  if ('cache' in request) {
    changeCache(request);
    return {};
  }
  if ('store' in request) return useStore(request);
  const session = sessions.get(request.session);
  if (!session) throw new BaseError('engine/session-released', 'The session was released.');
  if (request.kind === 'run') return session.run(request.feeds, request.options);
  if (request.kind === 'bind') {
    await session.bind(request.feeds);
    return replaceBound(request.session, request.feeds);
  }
  sessions.delete(request.session);
  bound.delete(request.session);
  await session.release();
  return {};
}

/** @returns what was bound to these names before, which the session no longer reads */
function replaceBound(session: number, feeds: Tensors): Tensors {
  const before = bound.get(session) ?? {};
  bound.set(session, { ...before, ...feeds });
  return Object.fromEntries(Object.entries(before).filter(([name]) => Object.hasOwn(feeds, name)));
}

function changeCache(request: Extract<Answered, { cache: number }>): void {
  if (request.kind === 'create-cache') caches.set(request.cache, new OnnxCache(request.shape));
  const cache = caches.get(request.cache);
  if (!cache) throw new BaseError('engine/session-released', 'The cache was released.');
  if (request.kind === 'resize-cache') cache.resize(request.rows, request.capacity);
  if (request.kind === 'copy-row') cache.copyRow(request.move);
  if (request.kind === 'release-cache') caches.delete(request.cache);
}

async function useStore(request: Extract<Answered, { store: number }>): Promise<Tensors> {
  if (request.kind === 'create-store') stores.set(request.store, new OnnxStore());
  const store = stores.get(request.store);
  if (!store) throw new BaseError('engine/session-released', 'The store was released.');
  if (request.kind === 'read') return store.read(request.names);
  if (request.kind === 'put') await store.put(request.tensors);
  if (request.kind === 'release-store') {
    stores.delete(request.store);
    await store.release();
  }
  return {};
}
