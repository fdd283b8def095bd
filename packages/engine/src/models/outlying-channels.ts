/** How many times the median a channel's weight has to be, so that its numbers decide the scale of every row. */
const OUTLYING = 4;
/** More would cost time, and are no exceptions. */
const MOST_CHANNELS = 32;

/** Channels of a norm that are much larger than the others, the largest where there are too many, in their order. */
export function outlyingChannels(norm: Float32Array): number[] {
  const magnitudes = norm.map(Math.abs);
  const median = magnitudes.toSorted()[norm.length >> 1] ?? 0;
  return [...magnitudes.keys()]
    .filter((channel) => (magnitudes[channel] as number) > OUTLYING * median)
    .toSorted((a, b) => (magnitudes[b] as number) - (magnitudes[a] as number))
    .slice(0, MOST_CHANNELS)
    .toSorted((a, b) => a - b);
}
