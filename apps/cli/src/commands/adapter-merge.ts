import { mergeAdapter } from '@skein/engine/node';
import { defineCommand } from '../command.ts';

export const adapterMerge = defineCommand({
  name: 'adapter merge',
  summary: 'write a model with an adapter merged in',
  description: [
    "Writes W + scale·B·A in each weight's own type, the other weights bit by bit, with tokenizer and template beside " +
      'them. The output folder appears whole or not at all. An adapter on lm_head unties it from the embedding.',
  ],
  options: {
    model: { kind: 'text', value: 'DIR', required: true, help: 'Folder of the base model' },
    adapter: { kind: 'text', value: 'DIR', required: true, help: 'Folder of the adapter' },
    out: { kind: 'text', value: 'DIR', required: true, help: 'Folder for the merged model; must not hold anything' },
  },
  examples: [
    {
      line: 'skein adapter merge --model qwen --adapter runs/first/adapter --out qwen-first',
      does: 'writes an ordinary model folder that needs no adapter',
    },
  ],
  run: async (values, { terminal, signal }) => {
    let bar: ReturnType<typeof terminal.progress> | null = null;
    const onProgress = (done: number, total: number) => {
      bar ??= terminal.progress({ label: 'tensor', unit: 'tensors', total });
      bar.update(done);
      if (done === total) bar.end();
    };
    const result = await mergeAdapter({ ...values, onProgress, signal });
    const text = `Wrote ${result.path}: ${result.tensors} tensors, ${result.merged} of them changed by the adapter.`;
    return { json: { ...result }, text };
  },
});
