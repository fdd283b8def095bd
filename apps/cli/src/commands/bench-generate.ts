import { loadavg } from 'node:os';
import { createLanguageModel, generate } from '@skein/engine';
import { createWorkerRuntime, openGenerationWeights, openModelFolder, weightBitsFor } from '@skein/engine/node';
import { defineCommand } from '../command.ts';
import { formatBytes } from '../format-bytes.ts';
import { formatFields } from '../format-table.ts';
import { median } from '../median.ts';
import { RUNTIME_OPTIONS, threadsOf, WEIGHTS_OPTION } from '../shared-options.ts';
import { openBenchModel, SHAPE_OPTIONS } from './bench-shape.ts';

export const benchGenerate = defineCommand({
  name: 'bench generate',
  summary: 'measure generation: tokens a second of the prompt and of the answer',
  description: [
    'Continues a prompt of arbitrary tokens greedily on the CPU. The prompt counts from its start to the ' +
      'first new token, the answer by the median of the times between new tokens.',
  ],
  options: {
    ...SHAPE_OPTIONS,
    prompt: { kind: 'integer', value: 'N', min: 1, default: 128, help: 'Tokens of the prompt' },
    tokens: { kind: 'integer', value: 'N', min: 2, default: 64, help: 'New tokens' },
    ...WEIGHTS_OPTION,
    threads: RUNTIME_OPTIONS.threads,
  },
  examples: [
    { line: 'skein bench generate --json', does: "measures Qwen2.5-0.5B's shape with a prompt of 128 tokens" },
  ],
  run: async (values, { signal }) => {
    const { path, configuration } = await openBenchModel(values);
    const threads = threadsOf(values);
    const runtime = createWorkerRuntime('cpu');
    try {
      const folder = await openModelFolder(path);
      const { config, weights } = folder;
      const bits = values.weights === 'auto' ? weightBitsFor(runtime, folder) : values.weights;
      const stacks = await openGenerationWeights(runtime, folder, bits, { threads, signal });
      const spec = { config, weights, trainable: new Map(), adapter: [] };
      const model = createLanguageModel(runtime, { spec, parameters: [], threads, ...(stacks && { stacks }) });
      // Prompts that begin differently, so that none is read with what the cache already has of another.
      let prompts = 0;
      const timed = async (maxNewTokens: number): Promise<number[]> => {
        const first = prompts++;
        const prompt = Array.from({ length: values.prompt }, (_, i) => (i * 7919 + 13 + first) % config.vocabularySize);
        const times = [performance.now()];
        const onToken = () => void times.push(performance.now());
        await generate(model, [prompt], { maxNewTokens, stopIds: new Set(), onToken, signal });
        return times.slice(1).map((end, i) => (end - (times[i] as number)) / 1000);
      };
      // Opens the session and maps the weights.
      await timed(2);
      const [first = Number.NaN, ...rest] = await timed(values.tokens);
      const tokensPerSecond = 1 / median(rest);
      const promptTokensPerSecond = values.prompt / first;
      const peakRssBytes = 1024 * process.resourceUsage().maxRSS;
      const json = {
        tokensPerSecond,
        promptTokensPerSecond,
        peakRssBytes,
        mode: bits,
        configuration: { ...configuration, prompt: values.prompt, tokens: values.tokens, threads },
        load: loadavg()[0],
      };
      const text = formatFields([
        ['tokens a second', tokensPerSecond.toFixed(1)],
        ['of the prompt', promptTokensPerSecond.toFixed(1)],
        ['peak of memory', formatBytes(peakRssBytes)],
      ]);
      return { json, text };
    } finally {
      await runtime.close();
    }
  },
});
