import type { ExternalBytes, Initializer } from '../graph/graph.ts';
import { isQuantizable } from '../graph/int8-matrix.ts';
import { outlyingChannels } from '../models/outlying-channels.ts';
import {
  EMBEDDING,
  HEAD,
  LINEARS,
  type LinearName,
  linearPath,
  normBefore,
  stripeName,
} from '../models/weight-names.ts';
import type { ModelFolder } from './model-folder.ts';
import { openSafetensors } from './safetensors-file.ts';

/** A matrix that is quantised. */
export interface MatrixToQuantize {
  /** With dims [out, in]. */
  readonly weight: Initializer & { readonly source: ExternalBytes };
  /** Two products forward; the head's logits do with one. */
  readonly fine: boolean;
  /** Channels of the input that stay in float32 in the forward product. */
  readonly exact: readonly number[];
}

/** Rows of the head whose logits are made at once: these fit the cache of a processor beside what is made of them. */
const STRIPE_ROWS = 9728;

/** The linears of every layer and the head, by name in the order of a safetensors file. */
export async function int8Matrices(folder: ModelFolder): Promise<readonly MatrixToQuantize[]> {
  const { config, weights } = folder;
  const head = weights.get(config.tiedEmbeddings ? EMBEDDING : HEAD);
  const matrices: MatrixToQuantize[] = head
    ? stripesOf(head).map((weight) => ({ weight, fine: false, exact: [] }))
    : [];
  for (let layer = 0; layer < config.layers; layer++) {
    for (const name of Object.keys(LINEARS) as LinearName[]) {
      const weight = weights.get(`${linearPath(layer, name)}.weight`) as MatrixToQuantize['weight'] | undefined;
      if (weight) matrices.push({ weight, fine: true, exact: await channelsBefore(folder, layer, name) });
    }
  }
  return matrices
    .filter(({ weight }) => isQuantizable(weight.dims as [number, number]))
    .toSorted((a, b) => (a.weight.name < b.weight.name ? -1 : 1));
}

function stripesOf({ name, dims, type, source }: Initializer): MatrixToQuantize['weight'][] {
  const [out = 0, into = 0] = dims;
  const { file, offset, length } = source as ExternalBytes;
  const rowBytes = length / out;
  const rows = Math.ceil(out / Math.ceil(out / STRIPE_ROWS));
  return Array.from({ length: Math.ceil(out / rows) }, (_, index) => {
    const own = Math.min(rows, out - index * rows);
    const bytes = { file, offset: offset + index * rows * rowBytes, length: own * rowBytes };
    return { name: stripeName(name, index), dims: [own, into], type, source: bytes };
  });
}

async function channelsBefore({ weights }: ModelFolder, layer: number, name: LinearName): Promise<number[]> {
  const norm = normBefore(layer, name);
  const source = norm === undefined ? undefined : weights.get(norm)?.source;
  if (norm === undefined || !source || ArrayBuffer.isView(source)) return [];
  const reader = await openSafetensors(source.file);
  try {
    return outlyingChannels(await reader.readFloats(norm));
  } finally {
    await reader.close();
  }
}
