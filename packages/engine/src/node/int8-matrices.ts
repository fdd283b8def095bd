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
  /** Elements from one row to the next: more than it has where it is columns of a wider matrix. */
  readonly stride: number;
  /** Two products forward; the head's logits do with one. */
  readonly fine: boolean;
  /** Channels of the input that stay in float32 in the forward product. */
  readonly exact: readonly number[];
}

/** Most rows of the head whose logits are made at once: these fit the cache of a processor beside what is made of them. */
const HEAD_STRIPE = 4864;
/** Most inner channels of a feed-forward block that are computed at once, for the same reason. */
const FEED_FORWARD_STRIPE = 1216;

/** The linears of every layer and the head, by name in the order of a safetensors file. */
export async function int8Matrices(folder: ModelFolder): Promise<readonly MatrixToQuantize[]> {
  const { config, weights } = folder;
  const head = weights.get(config.tiedEmbeddings ? EMBEDDING : HEAD);
  const matrices: MatrixToQuantize[] = head
    ? stripesOf(head, 'rows', HEAD_STRIPE).map((stripe) => ({ ...stripe, fine: false, exact: [] }))
    : [];
  for (let layer = 0; layer < config.layers; layer++) {
    for (const name of Object.keys(LINEARS) as LinearName[]) {
      const weight = weights.get(`${linearPath(layer, name)}.weight`);
      const exact = await channelsBefore(folder, layer, name);
      if (weight) matrices.push(...partsOf(weight, name).map((part) => ({ ...part, fine: true, exact })));
    }
  }
  return matrices
    .filter(({ weight }) => isQuantizable(weight.dims as [number, number]))
    .toSorted((a, b) => (a.weight.name < b.weight.name ? -1 : 1));
}

type Part = Pick<MatrixToQuantize, 'weight' | 'stride'>;

function partsOf(weight: Initializer, name: LinearName): Part[] {
  if (name === 'down_proj') return stripesOf(weight, 'columns', FEED_FORWARD_STRIPE);
  if (name === 'gate_proj' || name === 'up_proj') return stripesOf(weight, 'rows', FEED_FORWARD_STRIPE);
  return [{ weight: weight as MatrixToQuantize['weight'], stride: weight.dims[1] ?? 0 }];
}

/** As few stripes of at most so many rows or columns as will do, as even as can be. */
function stripesOf({ name, dims, type, source }: Initializer, along: 'rows' | 'columns', most: number): Part[] {
  const [out = 0, into = 0] = dims;
  const { file, offset, length } = source as ExternalBytes;
  const elementBytes = length / (out * into);
  const [extent, step] = along === 'rows' ? [out, into] : [into, 1];
  const width = Math.ceil(extent / Math.ceil(extent / most));
  return Array.from({ length: Math.ceil(extent / width) }, (_, index) => {
    const own = Math.min(width, extent - index * width);
    const first = offset + index * width * step * elementBytes;
    const bytes = { file, offset: first, length: own * step * elementBytes };
    const ownDims = along === 'rows' ? [own, into] : [out, own];
    return { weight: { name: stripeName(name, index), dims: ownDims, type, source: bytes }, stride: into };
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
