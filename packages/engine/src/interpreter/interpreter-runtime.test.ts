import { describeRuntime } from '../runtime/testing/runtime-contract.ts';
import { createInterpreter } from './interpreter-runtime.ts';

const files = new Map<string, Uint8Array>();

describeRuntime('the interpreter', {
  create: () =>
    createInterpreter({
      readBytes: async (file, offset, length) => files.get(file)?.subarray(offset, offset + length) ?? new Uint8Array(),
    }),
  placeFile(bytes) {
    const name = `file ${files.size}`;
    files.set(name, bytes);
    return name;
  },
  elements: { atol: 0, rtol: 0 },
  model: 0,
});
