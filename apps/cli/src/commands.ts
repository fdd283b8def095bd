import type { Command } from './command.ts';
import { adapterInspect } from './commands/adapter-inspect.ts';
import { adapterMerge } from './commands/adapter-merge.ts';
import { chat } from './commands/chat.ts';
import { conformance } from './commands/conformance.ts';
import { dataPreview } from './commands/data-preview.ts';
import { evaluate } from './commands/evaluate.ts';
import { generateText } from './commands/generate-text.ts';
import { modelInspect } from './commands/model-inspect.ts';
import { start } from './commands/start.ts';
import { trainModel } from './commands/train-model.ts';

/** Every command of `skein`, in the order of help and docs/cli.md. */
export const COMMANDS: readonly Command[] = [
  start,
  trainModel,
  evaluate,
  generateText,
  chat,
  dataPreview,
  adapterInspect,
  adapterMerge,
  modelInspect,
  conformance,
];
