import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HALF_BILLION, randomModelFolder } from '@skein/engine/node';
import type { Options, Values } from '../command.ts';

const size = (value: number, help: string) => ({ kind: 'integer', value: 'N', min: 1, default: value, help }) as const;

/** The model that a bench is made with: its shape, or a folder. */
export const SHAPE_OPTIONS = {
  model: { kind: 'text', value: 'DIR', help: 'A model to measure, instead of random weights of the shape below' },
  layers: size(HALF_BILLION.layers, 'Layers'),
  hidden: size(HALF_BILLION.hidden, 'Width of a token'),
  intermediate: size(HALF_BILLION.intermediate, 'Width between the linears of a feed-forward block'),
  heads: size(HALF_BILLION.heads, 'Heads of queries'),
  'kv-heads': size(HALF_BILLION.kvHeads, 'Heads of keys and values'),
  vocabulary: size(HALF_BILLION.vocabulary, 'Tokens of the vocabulary'),
  outliers: { kind: 'flag', help: 'Let four channels of every norm count 30 times, worse than trained models do' },
  folder: { kind: 'text', value: 'DIR', help: 'Where random models are kept, by default in the temporary folder' },
} as const satisfies Options;

type ShapeValues = Values<typeof SHAPE_OPTIONS>;

/** The model's folder, made on first use, and what it is, for the record. */
export async function openBenchModel(values: ShapeValues): Promise<{ path: string; configuration: object }> {
  if (values.model !== undefined) return { path: values.model, configuration: { model: values.model } };
  const { layers, hidden, intermediate, heads, vocabulary, outliers } = values;
  const shape = { layers, hidden, intermediate, heads, kvHeads: values['kv-heads'], vocabulary };
  const path = await randomModelFolder(values.folder ?? join(tmpdir(), 'skein-bench'), { shape, outliers });
  return { path, configuration: { shape, outliers } };
}
