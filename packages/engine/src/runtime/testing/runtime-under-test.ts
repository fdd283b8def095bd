import type { Runtime } from '../runtime.ts';

/** What a runtime's test says of it. */
export interface RuntimeUnderTest {
  readonly create: () => Runtime;
  /** Puts bytes where the runtime finds them as a file. @returns the file's name. */
  readonly placeFile: (bytes: Uint8Array) => string;
  /** Of an operator's elements against the interpreter's: |a − b| ≤ atol + rtol·|b|. */
  readonly elements: { readonly atol: number; readonly rtol: number };
  /** Relative L2 of a model's loss and gradients against the interpreter's. */
  readonly model: number;
}
