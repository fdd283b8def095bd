import { type DataExample, type DataPreview, placeOf, previewData, type ShownExample } from '@skein/engine';
import { loadVocabulary, readDataFiles } from '@skein/engine/node';
import { defineCommand } from '../command.ts';
import { formatFields } from '../format-table.ts';
import { FORMAT_OPTION } from '../shared-options.ts';

/** Places named of each finding; the object of `--json` has all. */
const MAX_PLACES = 10;

export const dataPreview = defineCommand({
  name: 'data preview',
  summary: 'show what a model will see of data files',
  description: [
    'Shows the text after the chat template, and which tokens count in the loss: bold on a terminal, between « and » ' +
      'elsewhere. Counts lengths and duplicates, and with --against finds examples that an evaluation file shares.',
  ],
  options: {
    model: { kind: 'text', value: 'DIR', required: true, help: 'Folder with the tokenizer and chat template' },
    data: { kind: 'text', value: 'FILE', many: true, required: true, help: 'JSONL or CSV to look at' },
    against: { kind: 'text', value: 'FILE', many: true, help: 'Evaluation files, to look for leaks into them' },
    ...FORMAT_OPTION,
    show: { kind: 'integer', value: 'N', min: 0, default: 2, help: 'Examples to show' },
  },
  examples: [
    { line: 'skein data preview --model qwen --data chats.jsonl', does: 'shows two examples and figures of all' },
    {
      line: 'skein data preview --model qwen --data chats.jsonl --against test.jsonl --show 0',
      does: 'looks for examples that test.jsonl shares',
    },
  ],
  run: async (values, { terminal }) => {
    const vocabulary = await loadVocabulary(values.model);
    const examples = await readAll(values.data, values);
    const evaluation = values.against.length > 0 ? await readAll(values.against, values) : null;
    const preview = previewData(examples, { ...vocabulary, show: values.show, ...(evaluation && { evaluation }) });
    return { json: { ...preview }, text: describePreview(preview, terminal.colour) };
  },
});

async function readAll(files: readonly string[], options: Parameters<typeof readDataFiles>[1]): Promise<DataExample[]> {
  const examples: DataExample[] = [];
  for await (const example of readDataFiles(files, options)) examples.push(example);
  return examples;
}

function describePreview(preview: DataPreview, colour: boolean): string {
  const { lengths, duplicates, leaks, shown } = preview;
  const sections = shown.map((example) => showExample(example, colour));
  const fields: [string, string][] = [
    ['examples', String(preview.examples)],
    ['tokens', `${preview.tokens}, of which ${preview.countedTokens} count`],
    ['tokens an example', `${lengths.min} to ${lengths.max}, median ${lengths.median}, 95 % up to ${lengths.p95}`],
    ['duplicates', duplicates.length === 0 ? 'none' : `${duplicates.length} contents occur more than once`],
    ...(leaks === null ? [] : [['leaks', leaks.length === 0 ? 'none' : String(leaks.length)] as [string, string]]),
  ];
  sections.push(formatFields(fields));
  if (duplicates.length > 0) {
    sections.push(
      listOf(
        'Duplicates',
        duplicates.map((places) => places.map(placeOf).join(' = ')),
      ),
    );
  }
  if (leaks !== null && leaks.length > 0) {
    const lines = leaks.map(({ source, evaluation, shared }) => {
      return `${placeOf(source)} and ${placeOf(evaluation)} share the ${shared === 'text' ? 'whole text' : 'question'}`;
    });
    sections.push(listOf('Leaks', lines));
  }
  return sections.join('\n\n');
}

function listOf(title: string, lines: readonly string[]): string {
  const more = lines.length > MAX_PLACES ? [`  and ${lines.length - MAX_PLACES} more; see --json`] : [];
  return [`${title}:`, ...lines.slice(0, MAX_PLACES).map((line) => `  ${line}`), ...more].join('\n');
}

function showExample({ source, tokens }: ShownExample, colour: boolean): string {
  const [open, close] = colour ? ['\u001b[1;32m', '\u001b[0m'] : ['«', '»'];
  let text = '';
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]?.counted ?? false;
    if (token.counted && !before) text += open;
    text += token.text;
    if (token.counted && !tokens[index + 1]?.counted) text += close;
  }
  return `${placeOf(source)} (${tokens.length} tokens)\n${text.trimEnd()}`;
}
