import type { Checkpoint } from './checkpoint.ts';
import type { BatchesOfEpoch } from './data-cursor.ts';
import type { DifferentiableModel, MicroBatch } from './differentiable-model.ts';
import type { YieldControl } from './element-chunks.ts';
import type { TrainConfig } from './train-config.ts';
import type { TrainEvent } from './train-event.ts';

export interface TrainOptions {
  /** Its parameters are the starting point; they are updated in place. */
  readonly model: DifferentiableModel;
  readonly config: TrainConfig;
  /** Names everything that decides the run, model and data included; a checkpoint under another digest is refused. */
  readonly configDigest: string;
  readonly batchesOfEpoch: BatchesOfEpoch;
  readonly validation?: readonly MicroBatch[];
  /** Where to go on; null or absent starts at step 0 with the model's parameters. */
  readonly checkpoint?: Checkpoint | null;
  /** Steps between checkpoints; null saves only at the end and when interrupted. Changes no result. */
  readonly checkpointEvery: number | null;
  /** Must have saved durably when it settles; the arrays are borrowed until then. */
  readonly saveCheckpoint: (checkpoint: Checkpoint) => Promise<void>;
  /** Awaited, so that what it writes is written before the next checkpoint. */
  readonly onEvent: (event: TrainEvent) => void | Promise<void>;
  /** Milliseconds of a clock that does not go back; only for speed and time left. */
  readonly now: () => number;
  readonly yieldControl: YieldControl;
  /** When aborted, the step that is on its way is finished, a checkpoint saved and the run ends `interrupted`. */
  readonly signal?: AbortSignal;
}
