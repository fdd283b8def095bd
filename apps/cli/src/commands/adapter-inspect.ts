import { adapterModules } from '@skein/engine';
import { openModelFolder, openSafetensors, readAdapter, readAdapterConfig } from '@skein/engine/node';
import { join } from 'node:path';
import { defineCommand } from '../command.ts';
import { formatBytes } from '../format-bytes.ts';
import { formatFields } from '../format-table.ts';

export const adapterInspect = defineCommand({
  name: 'adapter inspect',
  summary: 'describe a LoRA adapter',
  description: [
    'Reads the settings and the header of a PEFT adapter. With --model also checks that it fits the model.',
  ],
  positionals: { name: 'DIR', help: 'Folder of the adapter', min: 1, max: 1 },
  options: { model: { kind: 'text', value: 'DIR', help: 'Folder of the base model to check it against' } },
  examples: [
    { line: 'skein adapter inspect runs/first/adapter --model qwen', does: 'describes and checks an adapter' },
  ],
  run: async ({ model }, { words: [path = ''] }) => {
    const config = await readAdapterConfig(path);
    const file = await describeFile(join(path, 'adapter_model.safetensors'));
    let modules: number | null = null;
    if (model !== undefined) {
      const folder = await openModelFolder(model);
      await readAdapter(path, folder);
      modules = adapterModules(config, folder.config).length;
    }
    const { targets, rankPattern, alphaPattern } = config;
    const patterns = { ...rankPattern, ...alphaPattern };
    const text = formatFields([
      ['kind', config.rankStabilized ? 'LoRA, rank-stabilised' : 'LoRA'],
      ['rank', `${config.rank}${patternNote(rankPattern)}`],
      ['alpha', `${config.alpha}${patternNote(alphaPattern)}`],
      ['scale', String(config.alpha / (config.rankStabilized ? Math.sqrt(config.rank) : config.rank))],
      ['dropout', String(config.dropout)],
      ['targets', typeof targets === 'string' ? targets : targets.join(', ')],
      ['layers', config.layers?.join(', ') ?? 'all'],
      ['base model', config.baseModel ?? 'not named'],
      [
        'tensors',
        `${file.tensors} of ${file.dtypes.join(', ')}, ${file.parameters} numbers, ${formatBytes(file.sizeBytes)}`,
      ],
      ...(modules === null ? [] : [['fits the model', `yes, on ${modules} linears`] as const]),
    ]);
    return { json: { path, ...config, layers: config.layers ?? null, patterns, ...file, fitsModules: modules }, text };
  },
});

function patternNote(pattern: Readonly<Record<string, number>>): string {
  const entries = Object.entries(pattern);
  return entries.length === 0 ? '' : ` (${entries.map(([name, value]) => `${name}: ${value}`).join(', ')})`;
}

async function describeFile(path: string) {
  const reader = await openSafetensors(path);
  try {
    const { tensors, fileSize } = reader.index;
    const all = [...tensors.values()];
    return {
      tensors: all.length,
      dtypes: [...new Set(all.map(({ dtype }) => dtype))],
      parameters: all.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0),
      sizeBytes: fileSize,
    };
  } finally {
    await reader.close();
  }
}
