export { type Adapter, readAdapter, readAdapterConfig, writeAdapter } from './adapter-folder.ts';
export { runConformance } from './conformance.ts';
export { type ModelFolder, openModelFolder } from './model-folder.ts';
export { readAllWeights, streamWeights } from './model-weights.ts';
export { openRunStore, type RunStore } from './run-store.ts';
export { createWorkerRuntime } from './worker-runtime.ts';
export { type ModelToWrite, writeModelFolder } from './write-model-folder.ts';
export { yieldToEventLoop } from './yield-to-event-loop.ts';
