import type { Tensors } from '../tensor.ts';

/** Copies that take the place of `spare` ones of the same type and size. */
export function copyInto(spare: Tensors, feeds: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      const { type, data } = spare[name] ?? {};
      const fits = type === tensor.type && data?.length === tensor.data.length;
      if (!fits) return [name, { ...tensor, data: tensor.data.slice() }];
      (data as Float32Array).set(tensor.data as Float32Array);
      return [name, { ...tensor, data }];
    }),
  );
}

/** The memory of tensors, to be moved to the other thread, not copied. */
export function buffersOf(tensors: Tensors): ArrayBuffer[] {
  return [...new Set(Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer))];
}
