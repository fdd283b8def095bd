import type { Bytes } from '../units.ts';
import type { SafetensorsDtype } from './dtype.ts';

/** Where one tensor lies in a file: little-endian, row-major, without gaps. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  /** Empty for a scalar; a dim of 0 makes an empty tensor. */
  readonly dims: readonly number[];
  /** From the file's start (the header's own offsets count from the end of the header). */
  readonly offset: Bytes;
  readonly byteLength: Bytes;
}

/** The contents of a safetensors file without its numbers. */
export interface SafetensorsIndex {
  /** Free text of the writer, such as `format: pt`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order in which they lie in the file. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly fileSize: Bytes;
}
