import type { AdapterModule } from '../models/causal-lm.ts';
import type { Parameter } from '../train/differentiable-model.ts';

/** A row of those that were started, and the token that it goes on with. */
export interface NextToken {
  readonly row: number;
  readonly token: number;
}

/** An adapter as it is read from its folder. */
export interface DecoderAdapter {
  readonly modules: readonly AdapterModule[];
  readonly parameters: readonly Parameter[];
}

/** Reads tokens into a cache of keys and values, and gives the logits that follow. */
export interface Decoder {
  /**
   * Begins anew with prompts of any lengths, at least one token each.
   * @returns the logits [V] after each prompt, valid until the next call
   */
  start(prompts: readonly (readonly number[])[], signal?: AbortSignal): Promise<readonly Float32Array[]>;
  /**
   * Goes on with one token in each row named; a row that is left out has ended.
   * @returns the logits [V] after each of them, in the same order, valid until the next call
   */
  next(tokens: readonly NextToken[]): Promise<readonly Float32Array[]>;
  /**
   * Puts another adapter on the model, or none; the weights stay as they are loaded.
   * @throws BaseError `engine/adapter-swap` where the adapter is part of the graph.
   */
  useAdapter(adapter: DecoderAdapter | null): void;
  /** The arrays of the adapter have other values now. */
  parametersChanged(): void;
  release(): Promise<void>;
}
