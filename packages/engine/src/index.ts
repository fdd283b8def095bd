export * from './data/index.ts';
export { generate, type GenerateOptions } from './generate/generate.ts';
export * from './models/index.ts';
export { createRandom, type Random } from './random.ts';
export type { Runtime, Session, SessionOptions } from './runtime/runtime.ts';
export * from './train/index.ts';
