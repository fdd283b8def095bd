import {
  BaseError,
  bytes as byteCount,
  encodeSafetensorsHeader,
  parseSafetensorsHeader,
  parseSafetensorsHeaderLength,
  SAFETENSORS_PREFIX_BYTES,
  type SafetensorsEntry,
} from '@skein/core';
import { parseFloat32, parseFloat64 } from './number-bytes.ts';

/** The global model between two rounds. */
export interface ModelState {
  /** The trained parameters, one flat array in the order of the plan's update manifest. */
  readonly parameters: Float32Array;
  /** Arrays of the outer optimiser by name, each as long as the parameters; none before its first step. */
  readonly optimiser: Readonly<Record<string, Float64Array>>;
}

const PARAMETERS = 'parameters';
const OPTIMISER_PREFIX = 'optimiser.';

/** A safetensors file of the state: the same state gives the same bytes. */
export function encodeModelState({ parameters, optimiser }: ModelState): Uint8Array {
  const { file, state } = createModelFile(parameters.length, Object.keys(optimiser));
  state.parameters.set(parameters);
  for (const [name, values] of Object.entries(optimiser)) state.optimiser[name]!.set(values);
  return file;
}

/** The file of a state of zeros. The state's arrays are views of it: what is written to them stands in the file. */
export function createModelFile(
  length: number,
  optimiser: readonly string[],
): { readonly file: Uint8Array; readonly state: ModelState } {
  const dims = [length];
  const { head, tensors, fileSize } = encodeSafetensorsHeader([
    { name: PARAMETERS, dtype: 'F32', dims },
    ...optimiser.map((name) => ({ name: OPTIMISER_PREFIX + name, dtype: 'F64' as const, dims })),
  ]);
  const file = new Uint8Array(fileSize);
  file.set(head);
  // The layout aligns every tensor to its type.
  const { buffer } = file;
  const offsetOf = (name: string): number => tensors.get(name)!.offset;
  const arrayOf = (name: string) => new Float64Array(buffer, offsetOf(OPTIMISER_PREFIX + name), length);
  const parameters = new Float32Array(buffer, offsetOf(PARAMETERS), length);
  return { file, state: { parameters, optimiser: Object.fromEntries(optimiser.map((name) => [name, arrayOf(name)])) } };
}

/**
 * Reads a state; the arrays may be views of `file`.
 * @throws BaseError `alliance/bad-model`, `core/safetensors-…`
 */
export function decodeModelState(file: Uint8Array): ModelState {
  const named = { name: 'the global model', size: byteCount(file.length) };
  const prefix = file.subarray(0, SAFETENSORS_PREFIX_BYTES);
  const length = parseSafetensorsHeaderLength(prefix, named);
  const header = file.subarray(SAFETENSORS_PREFIX_BYTES, SAFETENSORS_PREFIX_BYTES + length);
  const { tensors } = parseSafetensorsHeader(header, named);
  const dataOf = ({ offset, byteLength }: SafetensorsEntry) => file.subarray(offset, offset + byteLength);
  const stored = tensors.get(PARAMETERS);
  const parameters = stored?.dtype === 'F32' ? parseFloat32(dataOf(stored)) : undefined;
  if (parameters === undefined) throw badModel(`has no float32 tensor "${PARAMETERS}"`);
  const optimiser: Record<string, Float64Array> = {};
  for (const [name, entry] of tensors) {
    if (name === PARAMETERS) continue;
    const values = entry.dtype === 'F64' ? parseFloat64(dataOf(entry)) : undefined;
    if (!name.startsWith(OPTIMISER_PREFIX) || values?.length !== parameters.length) {
      throw badModel(`has a tensor "${name}" that doesn't belong to it`);
    }
    optimiser[name.slice(OPTIMISER_PREFIX.length)] = values;
  }
  return { parameters, optimiser };
}

function badModel(fault: string): BaseError {
  return new BaseError('alliance/bad-model', `The global model ${fault}.`, {
    hints: ['Fetch it again from the hub; its digest stands on the chain.'],
  });
}
