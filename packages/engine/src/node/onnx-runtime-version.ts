import { readFileSync } from 'node:fs';

/** Version of the native runtime, for records of a run. */
export const onnxRuntimeVersion: string = JSON.parse(
  readFileSync(new URL(import.meta.resolve('onnxruntime-node/package.json')), 'utf8'),
).version;
