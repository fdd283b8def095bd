import { invariant } from '@skein/core';
import type { Dim, GraphBuilder, Value } from './graph.ts';

/** Operators that move elements without computing; no derivative, for use inside rules. */
export const rawLayout = {
  /** At most one extent of `dims` may be symbolic. */
  reshape(g: GraphBuilder, x: Value, dims: readonly Dim[]): Value {
    invariant(dims.filter((dim) => typeof dim === 'string').length <= 1, `reshape to [${dims}]`);
    const shape = g.integers(dims.map((dim) => (typeof dim === 'string' ? -1 : dim)));
    return g.apply('Reshape', [x, shape], { dims, type: x.type });
  },
  transpose(g: GraphBuilder, x: Value, permutation: readonly number[]): Value {
    const dims = permutation.map((axis) => {
      const dim = x.dims[axis];
      invariant(dim !== undefined, `transpose [${x.dims}] by [${permutation}]`);
      return dim;
    });
    return g.apply('Transpose', [x], { dims, type: x.type, attributes: { perm: permutation } });
  },
  slice(g: GraphBuilder, x: Value, range: { axis: number; start: number; end: number }): Value {
    const dims = x.dims.map((dim, axis) => (axis === range.axis ? range.end - range.start : dim));
    const bounds = [[range.start], [range.end], [range.axis]].map((list) => g.integers(list));
    return g.apply('Slice', [x, ...bounds], { dims, type: x.type });
  },
  concat(g: GraphBuilder, parts: readonly Value[], axis: number, total: Dim): Value {
    const [first] = parts;
    invariant(first, 'concat of nothing');
    if (parts.length === 1) return first;
    const dims = first.dims.map((dim, i) => (i === axis ? total : dim));
    return g.apply('Concat', parts, { dims, type: first.type, attributes: { axis } });
  },
  /** Rows of a frozen table [V, H], which may be of 16 bits, by int32 index [M] → [M, H] in float32. */
  takeRows(g: GraphBuilder, table: Value, index: Value): Value {
    const dims = [...index.dims, ...table.dims.slice(1)];
    const taken = g.apply('Gather', [table, index], { dims, type: table.type, attributes: { axis: 0 } });
    return table.type === 'float32' ? taken : g.apply('Cast', [taken], { dims, attributes: { to: 1 } });
  },
  /** A table [V, H] with rows [M, H] added to it where the int32 index [M] says; an index may come more than once. */
  addRows(g: GraphBuilder, ...[table, index, rows]: [table: Value, index: Value, rows: Value]): Value {
    const [count = 0] = index.dims;
    const wide = g.apply('Cast', [index], { dims: index.dims, type: 'int64', attributes: { to: 7 } });
    const at = rawLayout.reshape(g, wide, [count, 1]);
    return g.apply('ScatterND', [table, at, rows], { dims: table.dims, attributes: { reduction: 'add' } });
  },
  /** Appends zeros along `axis` up to `extent`. */
  padEnd(g: GraphBuilder, x: Value, axis: number, extent: number): Value {
    const dim = x.dims[axis];
    invariant(typeof dim === 'number', 'padding a symbolic extent');
    if (dim === extent) return x;
    const pads = [...x.dims.map(() => 0), ...x.dims.map((_, i) => (i === axis ? extent - dim : 0))];
    const dims = x.dims.map((d, i) => (i === axis ? extent : d));
    return g.apply('Pad', [x, g.integers(pads)], { dims, type: x.type });
  },
};

export function reshape(g: GraphBuilder, x: Value, dims: readonly Dim[]): Value {
  return g.differentiate(rawLayout.reshape(g, x, dims), [x], (dy) => [rawLayout.reshape(g, dy, x.dims)]);
}

export function transpose(g: GraphBuilder, x: Value, permutation: readonly number[]): Value {
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return g.differentiate(rawLayout.transpose(g, x, permutation), [x], (dy) => [rawLayout.transpose(g, dy, inverse)]);
}

/** Parts of x along an axis, of these extents; x itself where there is one. */
export function split(g: GraphBuilder, x: Value, axis: number, sizes: readonly number[]): readonly Value[] {
  if (sizes.length === 1) return [x];
  let end = 0;
  const parts = sizes.map((size) => {
    end += size;
    return rawLayout.slice(g, x, { axis, start: end - size, end });
  });
  return g.differentiateMany(parts, [x], (gradients) => {
    const whole = gradients.map((gradient) => {
      invariant(gradient, 'a part on which nothing depends');
      return gradient;
    });
    return [rawLayout.concat(g, whole, axis, x.dims[axis] ?? 0)];
  });
}

/** Rows of a table [V, H] by int32 index [M] → [M, H]. The derivative adds up rows that were taken more than once. */
export function gatherRows(g: GraphBuilder, table: Value, index: Value): Value {
  const [rows, width] = table.dims;
  const [count] = index.dims;
  invariant(rows !== undefined && width !== undefined && count !== undefined, 'gatherRows needs a matrix and a list');
  const taken = g.apply('Gather', [table, index], { dims: [count, width], type: table.type, attributes: { axis: 0 } });
  return g.differentiate(taken, [table], (dy) => {
    const zeros = g.apply('ConstantOfShape', [g.integers(table.dims.map(Number))], { dims: table.dims });
    return [rawLayout.addRows(g, zeros, index, dy)];
  });
}
