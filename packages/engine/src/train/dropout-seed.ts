/**
 * The seed of one micro-batch's dropout masks, a uint32, from the run's seed, the step (from 1) and the micro-batch's
 * place in its window (from 0). It depends on nothing else, so a resumed run draws the same masks.
 * Mixing: the 32-bit finaliser of MurmurHash3 (Appleby), once per input.
 */
export function dropoutSeed(seed: number, step: number, index: number): number {
  let state = mix(seed >>> 0);
  state = mix((state ^ Math.imul(step, 0x9e3779b1)) >>> 0);
  return mix((state ^ Math.imul(index + 1, 0x85ebca77)) >>> 0);
}

function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
