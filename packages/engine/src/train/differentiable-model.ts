/**
 * One micro-batch as the model sees it: `batch` rows of `length` tokens, row-major.
 * Several examples may share a row (packing); `segments` keeps them apart.
 */
export interface MicroBatch {
  readonly batch: number;
  readonly length: number;
  /** [batch·length] token ids; padding may hold any valid id. */
  readonly inputIds: Int32Array;
  /** [batch·length] positions for the rotary embedding; start at 0 in every example. */
  readonly positions: Int32Array;
  /** [batch·length] 0 for padding, otherwise the example's number within its row (1, 2, …). A token attends only to earlier tokens of its own segment. */
  readonly segments: Int32Array;
  /** [batch·length] the token that should follow this position (already shifted), or -1 where the loss does not count. */
  readonly targets: Int32Array;
  /** Number of targets that are not -1. */
  readonly targetCount: number;
}

/** A trainable array, owned by the trainer and updated in place. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** What the trainer needs of a model; implemented over a runtime session, and by a toy function in tests. */
export interface DifferentiableModel {
  readonly parameters: readonly Parameter[];
  /**
   * Adds the gradient of `lossWeight · Σ nll(target)` to `gradients` (one array per parameter, in the same order).
   * @param randomSeed seeds dropout; the same seed gives the same masks.
   * @returns Σ nll over the targets of this micro-batch, in nats, without `lossWeight`.
   */
  accumulateGradients(
    batch: MicroBatch,
    lossWeight: number,
    gradients: readonly Float32Array[],
    randomSeed: number,
  ): Promise<{ readonly lossSum: number }>;
  /** Σ nll over the targets, in nats, with dropout off. */
  loss(batch: MicroBatch): Promise<{ readonly lossSum: number }>;
  /** Tells the model that the trainer has changed `parameters[…].data` in place. */
  parametersChanged(): Promise<void>;
}
