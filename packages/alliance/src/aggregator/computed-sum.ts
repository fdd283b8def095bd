/** The bytes of the round's sum and of the model that follows, or why there are none. */
export type ComputedSum =
  | { readonly ok: true; readonly sum: Uint8Array; readonly model: Uint8Array }
  | { readonly ok: false; readonly sentence: string };
