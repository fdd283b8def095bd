/** Bytes of a safetensors header; the reference reader's own limit, so that a hostile file can't exhaust memory. */
export const MAX_SAFETENSORS_HEADER_BYTES = 100_000_000;

/** Levels of canonical JSON. Our documents have fewer than ten; a cycle is found here instead of by a stack overflow. */
export const MAX_JSON_DEPTH = 256;

/** Bytes of a signed note; ours have some hundred, and C2SP asks readers to bound what they take. */
export const MAX_NOTE_BYTES = 1_000_000;
