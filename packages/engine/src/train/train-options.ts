import type { Checkpoint } from './checkpoint.ts';
import type { BatchesOfEpoch } from './data-cursor.ts';
import type { DifferentiableModel, MicroBatch } from './differentiable-model.ts';
import type { YieldControl } from './element-chunks.ts';
import type { OptimizingModel } from './optimizer/optimizer.ts';
import type { TrainConfig } from './train-config.ts';
import type { TrainEvent } from './train-event.ts';
import type { ProximalTerm } from './proximal-term.ts';

/**
 * A stretch has the learning rates, data and dropout of the long run's steps from `firstStep` on; AdamW's moments start
 * anew. The run's own length stays that of its configuration.
 */
export interface TrainStretch {
  /** Steps of the long run before this stretch. */
  readonly firstStep: number;
  /** Steps of the long run. */
  readonly totalSteps: number;
}

export interface TrainOptions {
  /** Its parameters are the starting point; they are updated in place. */
  readonly model: DifferentiableModel & OptimizingModel;
  readonly config: TrainConfig;
  /** Names everything that decides the run, model and data included; a checkpoint under another digest is refused. */
  readonly configDigest: string;
  readonly batchesOfEpoch: BatchesOfEpoch;
  readonly validation?: readonly MicroBatch[];
  /** Where the run is one stretch of a longer one, as a federated round is; absent for a run of its own. */
  readonly stretch?: TrainStretch;
  /** Pulls the parameters towards where they came from (FedProx); absent where nothing does. */
  readonly proximal?: ProximalTerm;
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
