const BLOCKS = '▁▂▃▄▅▆▇█';

/** Values as a line of blocks, the lowest the lowest; empty where there is nothing to compare. */
export function drawCurve(values: readonly number[]): string {
  if (values.length < 2) return '';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const blocks = values.map((value) => {
    const share = high > low ? (value - low) / (high - low) : 0;
    return BLOCKS[Math.round(share * (BLOCKS.length - 1))];
  });
  return `loss ${blocks.join('')}  ${values[0]?.toFixed(3)} to ${values.at(-1)?.toFixed(3)} nats against the start`;
}
