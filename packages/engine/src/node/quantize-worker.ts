import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { decodeFloats, type FloatDtype, invariant } from '@skein/core';
import { isQuantizable } from '../graph/int8-matrix.ts';
import { FINENESS } from '../graph/quantized-rows.ts';
import { BLOCK } from '../graph/stacked-matrix.ts';
import { quantizeBlocks } from '../models/quantize-blocks.ts';
import { quantizeColumns, quantizeRows, refineRows, takeColumns, transposeInto } from '../models/quantize-stripe.ts';

export type QuantizeRequest =
  /** SHA-256 of a file, in hexadecimal. */
  | { readonly kind: 'digest'; readonly file: string }
  | {
      readonly kind: 'quantize';
      readonly file: string;
      readonly offset: number;
      readonly dtype: FloatDtype;
      readonly dims: readonly [out: number, into: number];
      /** Elements from one row to the next. */
      readonly stride: number;
      readonly levels: number;
      /** Whether the forward factor has second values. */
      readonly fine: boolean;
      /** Columns that are left out of the forward factor. */
      readonly exact: readonly number[];
    }
  /** Matrices below each other in few bits, for generation. */
  | {
      readonly kind: 'stack';
      readonly parts: readonly StackPart[];
      readonly into: number;
      readonly bits: 8 | 4;
      /** Largest magnitude of a weight of 8 bits. */
      readonly levels: number;
    };

export interface StackPart {
  readonly file: string;
  readonly offset: number;
  readonly dtype: FloatDtype;
  readonly out: number;
}

export interface QuantizedMatrix {
  /** As `Int8Weight` has them. */
  readonly forward: Int8Array<ArrayBuffer>;
  /** Empty where not asked for. */
  readonly forwardSecond: Int8Array<ArrayBuffer>;
  readonly forwardScales: Float32Array<ArrayBuffer>;
  readonly backward: Int8Array<ArrayBuffer>;
  readonly backwardScales: Float32Array<ArrayBuffer>;
  /** [exact columns, out], in float32 */
  readonly exact: Float32Array<ArrayBuffer>;
}

/** As `StackedWeights` has them. */
export interface QuantizedStack {
  readonly values: Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
}

export type QuantizeReply = { readonly digest: string } | QuantizedMatrix | QuantizedStack | { readonly error: string };

const DIGEST_BYTES = 8 * 1024 * 1024;

const port = parentPort;
invariant(port, 'quantize-worker.ts is only started as a worker');

port.on('message', (request: QuantizeRequest) => {
  try {
    if (request.kind === 'digest') {
      port.postMessage({ digest: digestOf(request.file) } satisfies QuantizeReply);
      return;
    }
    const result = request.kind === 'stack' ? quantizeStack(request) : quantize(request);
    port.postMessage(
      result,
      Object.values(result as object).map((array: Int8Array<ArrayBuffer>) => array.buffer),
    );
  } catch (error) {
    port.postMessage({ error: (error as Error).message } satisfies QuantizeReply);
  }
});

function quantize({
  file,
  offset,
  dtype,
  levels,
  dims,
  stride,
  fine,
  exact,
}: QuantizeRequest & { kind: 'quantize' }): QuantizedMatrix {
  const [out, into] = dims;
  invariant(isQuantizable(dims), 'a matrix that cannot be quantised');
  const data = readMatrix(file, { offset, dtype, dims, stride });
  const backward = quantizeColumns(data, into, levels);
  const exactRows = takeColumns(data, into, exact);
  const byRow = quantizeRows(data, into, fine ? levels - FINENESS / 2 : levels);
  const transposed = (values: Int8Array) => {
    const target = new Int8Array(values.length);
    transposeInto(target, values, { first: 0, columns: into, stride: out });
    return target;
  };
  return {
    forward: transposed(byRow.values),
    forwardSecond: fine ? transposed(refineRows(data, byRow, FINENESS)) : new Int8Array(0),
    forwardScales: byRow.scales,
    backward: backward.values,
    backwardScales: backward.scales,
    exact: exactRows,
  };
}

interface MatrixPlace {
  readonly offset: number;
  readonly dtype: FloatDtype;
  readonly dims: readonly [out: number, into: number];
  readonly stride: number;
}

function readMatrix(file: string, { offset, dtype, dims: [out, into], stride }: MatrixPlace): Float32Array {
  const elementBytes = dtype === 'F32' ? 4 : 2;
  // Rows that lie apart are read one by one.
  const [reads, length] = stride === into ? [1, out * into] : [out, into];
  const handle = openSync(file, 'r');
  try {
    const bytes = new Uint8Array(out * into * elementBytes);
    for (let i = 0; i < reads; i++) {
      const own = bytes.subarray(i * length * elementBytes, (i + 1) * length * elementBytes);
      readInto(own, handle, offset + i * stride * elementBytes);
    }
    return decodeFloats(bytes, dtype);
  } finally {
    closeSync(handle);
  }
}

/** Rows read at once. */
const STRIPE_ROWS = 512;

function quantizeStack({ parts, into, bits, levels }: QuantizeRequest & { kind: 'stack' }): QuantizedStack {
  const out = parts.reduce((sum, part) => sum + part.out, 0);
  const [values, scales] =
    bits === 8
      ? [new Int8Array(out * into), new Float32Array(out)]
      : [new Uint8Array((out * into) / 2), new Float32Array((out * into) / BLOCK)];
  let first = 0;
  for (const part of parts) {
    const rowBytes = into * (part.dtype === 'F32' ? 4 : 2);
    const handle = openSync(part.file, 'r');
    try {
      for (let row = 0; row < part.out; row += STRIPE_ROWS) {
        const rows = Math.min(STRIPE_ROWS, part.out - row);
        const data = decodeFloats(readAt(handle, part.offset + row * rowBytes, rows * rowBytes), part.dtype);
        if (values instanceof Int8Array) {
          const stripe = quantizeRows(data, into, levels);
          scales.set(stripe.scales, first + row);
          transposeInto(values, stripe.values, { first: first + row, columns: into, stride: out });
        } else {
          const stripe = quantizeBlocks(data);
          values.set(stripe.values, ((first + row) * into) / 2);
          scales.set(stripe.scales, ((first + row) * into) / BLOCK);
        }
      }
    } finally {
      closeSync(handle);
    }
    first += part.out;
  }
  return { values, scales };
}

function digestOf(file: string): string {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(DIGEST_BYTES);
  const handle = openSync(file, 'r');
  try {
    for (let at = 0; ; ) {
      const count = readSync(handle, buffer, 0, buffer.length, at);
      if (count === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, count));
      at += count;
    }
  } finally {
    closeSync(handle);
  }
}

function readAt(handle: number, offset: number, length: number): Uint8Array {
  return readInto(new Uint8Array(length), handle, offset);
}

function readInto(bytes: Uint8Array, handle: number, offset: number): Uint8Array {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(handle, bytes, done, bytes.length - done, offset + done);
    invariant(count > 0, 'a weight file became shorter while it was read');
    done += count;
  }
  return bytes;
}
