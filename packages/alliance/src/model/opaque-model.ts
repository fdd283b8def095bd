/** The blob of a model that is not there yet: a first round whose trainers start from nothing. */
export const NO_PARAMETERS: Uint8Array = new TextEncoder().encode('skein/no-parameters/1\n');

/** The trainer's parameters in the blob of an opaque model: the bytes themselves, or null before there are any. */
export function opaqueParameters(model: Uint8Array): Uint8Array | null {
  const isNone = model.length === NO_PARAMETERS.length && model.every((byte, index) => byte === NO_PARAMETERS[index]);
  return isNone ? null : model;
}
