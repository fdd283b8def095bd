export type { Chat, ChatMessage } from './chat-message.ts';
export {
  type ChatTemplate,
  type ChatTemplateOptions,
  createChatTemplate,
  type RenderOptions,
  type TextSpan,
} from './chat-template.ts';
export { chatTemplateSource } from './chat-template-source.ts';
export {
  DATA_FORMAT_NAMES,
  DATA_FORMATS,
  type DataExample,
  type DataFormat,
  detectFormat,
  type ExampleContent,
} from './data-format.ts';
export { type DataRow, type DataSource, placeOf, type TextChunks } from './data-row.ts';
export { findLeaks, type Leak } from './find-leaks.ts';
export { groupByContent } from './group-by-content.ts';
export { labelChat, type Vocabulary } from './label-chat.ts';
export { type MicroBatchOptions, PACKINGS, type Packing, toMicroBatches } from './micro-batches.ts';
export { packExamples } from './pack-examples.ts';
export { type DataEncoding, type ParseOptions, parseExamples } from './parse-examples.ts';
export {
  type OverlongPolicy,
  type PreparedExamples,
  type PrepareOptions,
  type PrepareReport,
  prepareExamples,
} from './prepare-examples.ts';
export {
  type DataPreview,
  type LengthDistribution,
  type PreviewOptions,
  previewData,
  type ShownExample,
} from './preview.ts';
export { type Split, splitValidation } from './split-validation.ts';
export { type TokenPiece, tokenPieces } from './token-pieces.ts';
export { tokenizeExample } from './tokenize-example.ts';
export { countedTokens, type TokenizedExample } from './tokenized-example.ts';
export { createTokenizer, type DecodeOptions, type EncodeOptions, type Tokenizer } from './tokenizer.ts';
