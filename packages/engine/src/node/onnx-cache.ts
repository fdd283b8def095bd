import * as ort from 'onnxruntime-node';
import type { CacheShape, RowCopy } from '../runtime/runtime.ts';

type Tensors = Readonly<Record<string, ort.Tensor>>;

/** What a session reads and writes; the same tensors under both names, so that the runtime adds to them in place. */
interface NamedRows {
  readonly past: Tensors;
  readonly present: Tensors;
}

/** Keys and values of every layer on the thread that runs sessions. */
export class OnnxCache {
  readonly #shape: CacheShape;
  readonly #names: readonly string[];
  #arrays: readonly Float32Array[];
  #rows = 0;
  #capacity = 0;
  #views = new Map<string, NamedRows>();

  constructor(shape: CacheShape) {
    this.#shape = shape;
    this.#names = Array.from({ length: shape.layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
    this.#arrays = this.#names.map(() => new Float32Array(0));
  }

  resize(rows: number, capacity: number): void {
    const { heads, headSize } = this.#shape;
    const [kept, reach] = [Math.min(rows, this.#rows), Math.min(capacity, this.#capacity) * headSize];
    this.#arrays = this.#arrays.map((old) => {
      const grown = new Float32Array(rows * heads * capacity * headSize);
      for (let head = 0; head < kept * heads; head++) {
        const start = head * this.#capacity * headSize;
        grown.set(old.subarray(start, start + reach), head * capacity * headSize);
      }
      return grown;
    });
    this.#rows = rows;
    this.#capacity = capacity;
    this.#views.clear();
  }

  copyRow({ from, to, length }: RowCopy): void {
    const { heads, headSize } = this.#shape;
    for (const array of this.#arrays) {
      for (let head = 0; head < heads; head++) {
        const place = (row: number) => (row * heads + head) * this.#capacity * headSize;
        array.copyWithin(place(to), place(from), place(from) + length * headSize);
      }
    }
  }

  rows(start: number, end: number): NamedRows {
    const key = `${start}:${end}`;
    const known = this.#views.get(key);
    if (known) return known;
    const { heads, headSize } = this.#shape;
    const size = heads * this.#capacity * headSize;
    const dims = [end - start, heads, this.#capacity, headSize];
    const tensors = this.#arrays.map((array, i) => {
      const tensor = new ort.Tensor('float32', array.subarray(start * size, end * size), dims);
      return [this.#names[i], tensor] as const;
    });
    const named = (prefix: string) =>
      Object.fromEntries(tensors.map(([name, tensor]) => [`${prefix}.${name}`, tensor]));
    const view = { past: named('past'), present: named('present') };
    this.#views.set(key, view);
    return view;
  }
}
