import { raw } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { type FrozenMatrix, rawGemm } from './linear.ts';

/** Channels of x that are much larger than the rest: their products stay in float32, so that they set no scale. */
export interface ExactChannels {
  /** Name of the weight. */
  readonly name: string;
  readonly channels: readonly number[];
  /** Of x. */
  readonly width: number;
  /** Wᵀ at these channels, [channels, out]. */
  readonly rows: Float32Array;
}

/** Products with W, of which `matrix` makes those with all other channels. */
export function withExactChannels(matrix: FrozenMatrix, exact: ExactChannels): FrozenMatrix {
  const { name, channels, width } = exact;
  const { out } = matrix;
  const key = `channels:${width}:${channels.join()}`;
  const rows = (g: GraphBuilder) => g.constant(`${name}.exact`, [channels.length, out], () => exact.rows);
  /** [channels, width] with a one in each row. */
  const chosen = (g: GraphBuilder) =>
    g.constant(`${key}:chosen`, [channels.length, width], () =>
      Float32Array.from({ length: channels.length * width }, (_, i) =>
        channels[Math.floor(i / width)] === i % width ? 1 : 0,
      ),
    );
  /** x with zeros at the channels. */
  const others = (g: GraphBuilder, x: Value) =>
    raw.mul(
      g,
      x,
      g.constant(`${key}:others`, [width], () =>
        Float32Array.from({ length: width }, (_, channel) => (channels.includes(channel) ? 0 : 1)),
      ),
    );
  return {
    out,
    forward(g, x, after) {
      const apart = g.shared(`${key}:of:${x.name}`, () => ({
        taken: rawGemm(g, [x, chosen(g)], { transposeB: true }),
        others: others(g, x),
      }));
      return raw.add(g, matrix.forward(g, apart.others, after), rawGemm(g, [apart.taken, rows(g)]));
    },
    backward(g, dy, peak) {
      const taken = rawGemm(g, [dy, rows(g)], { transposeB: true });
      return raw.add(g, others(g, matrix.backward(g, dy, peak)), rawGemm(g, [taken, chosen(g)]));
    },
  };
}
