import {
  BaseError,
  bytes as byteCount,
  encodeSafetensors,
  parseSafetensorsHeader,
  parseSafetensorsHeaderLength,
  SAFETENSORS_PREFIX_BYTES,
  type SafetensorsEntry,
} from '@skein/core';
import { encodeNumbers, parseFloat32, parseFloat64 } from './number-bytes.ts';

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
  const dims = [parameters.length];
  return encodeSafetensors([
    { name: PARAMETERS, dtype: 'F32', dims, data: encodeNumbers(parameters) },
    ...Object.entries(optimiser).map(([name, values]) => ({
      name: OPTIMISER_PREFIX + name,
      dtype: 'F64' as const,
      dims: [values.length],
      data: encodeNumbers(values),
    })),
  ]);
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
