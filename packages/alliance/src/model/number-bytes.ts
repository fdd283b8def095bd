// All machines that run Node are little-endian, as are the files.

/** Float32 numbers out of little-endian bytes; undefined where the length doesn't fit. A view where alignment allows. */
export function parseFloat32(bytes: Uint8Array): Float32Array | undefined {
  const aligned = alignedTo(bytes, 4);
  return aligned && new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

/** Unsigned 32-bit numbers out of little-endian bytes. */
export function parseUint32(bytes: Uint8Array): Uint32Array | undefined {
  const aligned = alignedTo(bytes, 4);
  return aligned && new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

/** Float64 numbers out of little-endian bytes. */
export function parseFloat64(bytes: Uint8Array): Float64Array | undefined {
  const aligned = alignedTo(bytes, 8);
  return aligned && new Float64Array(aligned.buffer, aligned.byteOffset, aligned.length / 8);
}

/** Little-endian bytes of numbers, as a view. */
export function encodeNumbers(numbers: Float32Array | Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Numbers rounded to float32, as little-endian bytes. */
export function encodeFloat32(numbers: ArrayLike<number>): Uint8Array {
  return encodeNumbers(Float32Array.from(numbers));
}

function alignedTo(bytes: Uint8Array, width: number): Uint8Array | undefined {
  if (bytes.length % width !== 0) return undefined;
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}
