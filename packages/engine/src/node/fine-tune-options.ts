import type { DataFormat } from '../data/data-format.ts';
import type { Packing } from '../data/micro-batches.ts';
import type { OverlongPolicy } from '../data/prepare-examples.ts';
import type { AdapterConfig } from '../lora/adapter-config.ts';
import type { MemoryRule } from '../models/choose-memory.ts';
import type { TrainingMode } from './training-weights.ts';
import type { TrainConfig } from '../train/train-config.ts';

export interface FineTuneOptions {
  /** Folder of the base model, with its tokenizer. */
  readonly model: string;
  readonly data: readonly string[];
  readonly format?: DataFormat;
  /** Files to evaluate on; or a share of the training data is set aside. */
  readonly validation: { readonly files: readonly string[] } | { readonly fraction: number };
  /** Run directory: `adapter/` (or `model/`), `metrics.jsonl`, checkpoints. */
  readonly out: string;
  readonly resume: boolean;
  /** What is trained: a new adapter, an adapter folder's arrays, or every weight. */
  readonly method:
    | { readonly kind: 'lora'; readonly adapter: AdapterConfig }
    | { readonly kind: 'continue'; readonly adapterFolder: string }
    | { readonly kind: 'full' };
  readonly rows: {
    readonly batch: number;
    readonly maxLength: number;
    readonly packing: Packing;
    readonly overlong: OverlongPolicy;
  };
  readonly train: TrainConfig;
  readonly checkpointEvery: number | null;
  readonly threads: number;
  /** fp32 where absent. */
  readonly mode?: TrainingMode;
  /** fast where absent. A run that is resumed under `auto` stays as it began. */
  readonly memory?: MemoryRule;
}
