/** One round's local training. */
export interface TrainTask {
  /** The global model's trained numbers; stay as they are. */
  readonly parameters: Float32Array;
  readonly round: number;
  /** uint32; the same in every round of an alliance. */
  readonly seed: number;
  /** The round's own folder for checkpoints: made if it isn't there, gone on with if it is. The caller removes it. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

export interface TrainedRound<Update = Float32Array> {
  /** What training changed: trained minus given parameters. Of opaque parameters, the trained ones themselves. */
  readonly update: Update;
  /** Examples trained on: this member's weight, where the plan weighs. */
  readonly examples: number;
  /** Mean loss while training, millionths of a nat a token; null where the trainer doesn't tell. */
  readonly lossMicroNats: number | null;
}

/** What a plan needs of a trainer before anything is trained. */
export interface TrainerDescription {
  readonly name: string;
  /** Numbers that are trained; null where only the plan knows. */
  readonly parameterCount: number | null;
}

/** Whatever trains and measures a plan's parameters on this node's own data. Calls wait for one another. */
export interface Trainer {
  describe(): Promise<TrainerDescription>;
  /**
   * Equal tasks give equal bytes on one machine; a task that was interrupted by a kill is given again.
   * @throws the signal's reason; BaseError for bad data and for a trainer that fails.
   */
  train(task: TrainTask): Promise<TrainedRound>;
  /** Mean loss on the share of the data that training leaves out, millionths of a nat a token. */
  evaluate(parameters: Float32Array, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

/** A custom trainer whose parameters are bytes that only it can read; null where there are none yet. */
export interface OpaqueTrainer {
  describe(): Promise<TrainerDescription>;
  train(task: OpaqueTask): Promise<TrainedRound<Uint8Array>>;
  evaluate(parameters: Uint8Array | null, signal: AbortSignal): Promise<number>;
  /** Members' parameters made one; null where the trainer refuses these. @throws BaseError where it can't be asked */
  aggregate(parameters: readonly Uint8Array[], signal: AbortSignal): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

export interface OpaqueTask {
  readonly parameters: Uint8Array | null;
  readonly round: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Losses are voted on as integers, so that all parties compute the same median. */
export function toMicroNats(lossNats: number): number {
  return Math.round(lossNats * 1e6);
}
