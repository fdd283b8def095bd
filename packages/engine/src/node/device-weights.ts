import { closeSync, openSync, readSync } from 'node:fs';
import { BaseError, decodeFloats } from '@skein/core';
import type * as ort from 'onnxruntime-node';
import type { ElementType, ExternalBytes, Graph, Initializer } from '../graph/graph.ts';
import { OnnxStore } from './onnx-store.ts';

type Weight = Initializer & { readonly source: ExternalBytes };

/** Types in which weights lie in files, and in which they lie on a device: where those of 16 bits are not computed with. */
const TYPE_THERE: Partial<Record<ElementType, 'float32' | 'uint8'>> = {
  float32: 'float32',
  float16: 'float32',
  bfloat16: 'float32',
  uint8: 'uint8',
};

/** What a session reads of the weights, until it is released. */
export interface WeightsOfSession {
  /** The graph with its weights as inputs. */
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, ort.Tensor>>;
  release(): void;
}

/**
 * Weights in the memory of a graphics card, on the thread that runs sessions: each once, however many sessions read it,
 * and for as long as one does. As initializers, every session would have copies of its own.
 */
export class DeviceWeights {
  readonly #store = new OnnxStore();
  readonly #readers = new Map<string, number>();

  async open(graph: Graph): Promise<WeightsOfSession> {
    const weights = graph.initializers.filter(isWeight);
    const keys = weights.map(keyOf);
    for (const [i, weight] of weights.entries()) {
      const key = keys[i] as string;
      if (!this.#store.get(key)) await this.#store.put({ [key]: readWeight(weight) });
      this.#readers.set(key, (this.#readers.get(key) ?? 0) + 1);
    }
    return {
      graph: {
        ...graph,
        initializers: graph.initializers.filter((initializer) => !isWeight(initializer)),
        inputs: [...graph.inputs, ...weights.map(({ name, dims, type }) => ({ name, dims, type: typeThere(type) }))],
      },
      inputs: Object.fromEntries(
        weights.map(({ name }, i) => [name, this.#store.get(keys[i] as string) as ort.Tensor]),
      ),
      release: () => keys.forEach((key) => this.#leave(key)),
    };
  }

  #leave(key: string): void {
    const left = (this.#readers.get(key) ?? 1) - 1;
    this.#readers.set(key, left);
    if (left === 0) this.#store.delete(key);
  }
}

function isWeight(initializer: Initializer): initializer is Weight {
  return !ArrayBuffer.isView(initializer.source) && TYPE_THERE[initializer.type] !== undefined;
}

function typeThere(type: ElementType): 'float32' | 'uint8' {
  return TYPE_THERE[type] ?? 'float32';
}

function keyOf({ type, dims, source: { file, offset } }: Weight): string {
  return [type, dims.join('×'), offset, file].join(' ');
}

function readWeight({ name, type, dims, source: { file, offset, length } }: Weight) {
  const bytes = new Uint8Array(length);
  const descriptor = openSync(file, 'r');
  try {
    for (let done = 0; done < length; ) {
      const count = readSync(descriptor, bytes, done, length - done, offset + done);
      if (count === 0) throw cutOff(name, { expected: length, found: done });
      done += count;
    }
  } finally {
    closeSync(descriptor);
  }
  if (type === 'uint8') return { type, dims, data: bytes };
  const dtype = type === 'float32' ? 'F32' : type === 'float16' ? 'F16' : 'BF16';
  const data = decodeFloats(bytes, dtype);
  return { type: 'float32' as const, dims, data };
}

function cutOff(name: string, { expected, found }: { expected: number; found: number }): BaseError {
  return new BaseError('engine/weight-bytes', `${name} has ${found} bytes of ${expected}.`, {
    hints: ['Download the weights again.'],
  });
}
