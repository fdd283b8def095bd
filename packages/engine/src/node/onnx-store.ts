import { BaseError } from '@skein/core';
import * as ort from 'onnxruntime-node';
import { GraphBuilder } from '../graph/graph.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { NativeStore } from '../runtime/wrap-session.ts';
import type { Tensor, Tensors, TensorType } from '../tensor.ts';

/** What sessions exchange, and weights in bytes. */
type StorableTensor = Tensor | (Pick<Tensor, 'dims'> & { readonly type: 'uint8'; readonly data: Uint8Array });

type Place = 'cpu' | 'gpu-buffer';

/**
 * Tensors by name in the memory of a graphics card, on the thread that runs sessions. A tensor there lives no longer
 * than the session that made it: to dispose of it afterwards ends the process (1.30.0).
 */
export class OnnxStore implements NativeStore<ort.Tensor> {
  readonly #tensors = new Map<string, { readonly tensor: ort.Tensor; readonly maker: object }>();
  readonly #copiers = new Map<string, ort.InferenceSession>();

  get(name: string): ort.Tensor | undefined {
    return this.#tensors.get(name)?.tensor;
  }

  set(name: string, tensor: ort.Tensor, maker: object): void {
    this.#tensors.get(name)?.tensor.dispose();
    this.#tensors.set(name, { tensor, maker });
  }

  /** Before a session is released. */
  dropMadeBy(session: object): void {
    for (const [name, { tensor, maker }] of this.#tensors) {
      if (maker !== session) continue;
      tensor.dispose();
      this.#tensors.delete(name);
    }
  }

  delete(name: string): void {
    this.get(name)?.dispose();
    this.#tensors.delete(name);
  }

  async put(tensors: Readonly<Record<string, StorableTensor>>): Promise<void> {
    for (const [name, { type, dims, data }] of Object.entries(tensors)) {
      const { copy, maker } = await this.#copy(new ort.Tensor(type, data, [...dims]), 'gpu-buffer');
      this.set(name, copy, maker);
    }
  }

  /** Through outputs in the memory of the CPU: `getData` of a tensor on the device ends the process (1.30.0). */
  async read(names: readonly string[]): Promise<Tensors> {
    const read: Record<string, Tensor> = {};
    for (const name of names) {
      const tensor = this.get(name);
      if (!tensor) throw new BaseError('engine/runtime-output', `The store has no ${name}.`);
      const { type, dims, data } = (await this.#copy(tensor, 'cpu')).copy;
      read[name] = { type: type as TensorType, dims, data: data as Tensor['data'] };
    }
    return read;
  }

  async release(): Promise<void> {
    for (const { tensor } of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
    for (const session of this.#copiers.values()) await session.release();
  }

  async #copy(tensor: ort.Tensor, place: Place): Promise<{ copy: ort.Tensor; maker: ort.InferenceSession }> {
    const key = `${tensor.type} ${tensor.dims.length} ${place}`;
    const maker = this.#copiers.get(key) ?? (await createCopier(tensor, place));
    this.#copiers.set(key, maker);
    const { copy } = await maker.run({ x: tensor });
    if (!copy) throw new BaseError('engine/runtime-output', 'ONNX Runtime left out a result that was asked for.');
    return { copy, maker };
  }
}

/** A session that copies tensors of a type and rank to one place. */
function createCopier({ type, dims }: ort.Tensor, place: Place): Promise<ort.InferenceSession> {
  const g = new GraphBuilder();
  const extents = dims.map((_, axis) => `extent ${axis}`);
  // Identity has no shader for bytes; a 0 takes the extent over.
  const x = g.input('x', extents, type as TensorType);
  const shape = g.integers(dims.map(() => 0));
  g.applyMany('Reshape', [x, shape], { dims: [extents], type: x.type, names: ['copy'] });
  return ort.InferenceSession.create(encodeModel(g.build(), String), {
    executionProviders: ['webgpu'],
    preferredOutputLocation: place,
    logSeverityLevel: 4,
  });
}
