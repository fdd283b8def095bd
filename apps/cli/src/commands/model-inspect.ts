import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { digestFromHash } from '@skein/core';
import { type ModelFolder, openModelFolder, scanWeights } from '@skein/engine/node';
import { defineCommand } from '../command.ts';
import { formatBytes } from '../format-bytes.ts';
import { formatFields, formatTable } from '../format-table.ts';

interface WeightFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly tensors: number;
  readonly digest: string | null;
}

export const modelInspect = defineCommand({
  name: 'model inspect',
  summary: 'describe a model folder',
  description: [
    'Checks config.json against the headers of the weight files. With --scan it also reads every weight and names the ' +
      'first tensor that holds NaN or infinity.',
  ],
  positionals: { name: 'DIR', help: 'Folder of the model', min: 1, max: 1 },
  options: {
    digests: { kind: 'flag', help: 'SHA-256 of each weight file' },
    scan: { kind: 'flag', help: 'Look through all weights for NaN and infinity' },
    tensors: { kind: 'flag', help: 'List every tensor with type and shape' },
  },
  examples: [{ line: 'skein model inspect qwen --scan', does: 'describes the model and looks for damaged weights' }],
  run: async ({ digests, scan, tensors: listed }, { words: [path = ''], signal }) => {
    const folder = await openModelFolder(path);
    if (scan) await scanWeights(folder, signal);
    const files = await describeFiles(folder, digests, signal);
    const dtypes = [...new Set([...folder.weights.values()].map(({ type }) => type))];
    const tensors = [...folder.weights.values()].map(({ name, type, dims }) => ({ name, dtype: type, dims }));
    const { config, parameterCount, weightBytes } = folder;
    const sections = [
      formatFields(modelFields(folder, dtypes, scan)),
      formatTable(
        [['file', 'tensors', 'size', ...(digests ? ['digest'] : [])], ...files.map((file) => fileRow(file))],
        [1, 2],
      ),
      ...(listed ? [formatTable(tensors.map(({ name, dtype, dims }) => [name, dtype, `[${dims.join(', ')}]`]))] : []),
    ];
    const json = {
      path,
      config,
      parameterCount,
      weightBytes,
      dtypes,
      scanned: scan,
      files,
      ...(listed && { tensors }),
    };
    return { json, text: sections.join('\n\n') };
  },
});

function modelFields({ config, parameterCount, weightBytes }: ModelFolder, dtypes: string[], scan: boolean) {
  const { family, layers, hiddenSize, intermediateSize, heads, kvHeads, headSize, ropeScaling } = config;
  return [
    ['family', family],
    ['parameters', String(parameterCount)],
    ['weights', `${dtypes.join(', ')}, ${formatBytes(weightBytes)}`],
    ['layers', String(layers)],
    ['hidden size', `${hiddenSize}, in the MLP ${intermediateSize}`],
    ['heads', `${heads} of ${headSize}, ${kvHeads} for keys and values`],
    ['vocabulary', `${config.vocabularySize}, embeddings ${config.tiedEmbeddings ? 'tied' : 'not tied'}`],
    ['positions', `${config.maxPositions}, rope ${ropeScaling.type}, theta ${config.ropeTheta}`],
    ...(scan ? [['scan', 'all weights are finite'] as const] : []),
  ] as const;
}

async function describeFiles(folder: ModelFolder, digests: boolean, signal: AbortSignal): Promise<WeightFile[]> {
  const counts = new Map<string, number>();
  for (const { source } of folder.weights.values()) {
    if (!ArrayBuffer.isView(source)) counts.set(source.file, (counts.get(source.file) ?? 0) + 1);
  }
  const files: WeightFile[] = [];
  for (const [file, tensors] of counts) {
    const digest = digests ? await digestOfFile(file, signal) : null;
    files.push({ name: basename(file), sizeBytes: (await stat(file)).size, tensors, digest });
  }
  return files;
}

async function digestOfFile(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Uint8Array);
  return digestFromHash(hash.digest());
}

function fileRow({ name, tensors, sizeBytes, digest }: WeightFile): string[] {
  return [name, String(tensors), formatBytes(sizeBytes), ...(digest === null ? [] : [digest])];
}
