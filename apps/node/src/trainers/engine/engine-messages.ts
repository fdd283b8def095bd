import type { Plan } from '@skein/alliance';
import type { Digest } from '@skein/core';

/** What the engine's process works on from its start to its end. */
export interface EngineSubject {
  readonly plan: Plan;
  /** Folder of the base model. */
  readonly model: string;
  /** Data files. */
  readonly data: readonly string[];
  readonly threads: number;
}

export interface EngineInfo {
  readonly modelDigest: Digest;
  /** Digest of the manifest of the trained tensors. */
  readonly parameters: Digest;
  readonly parameterCount: number;
}

/** Each operation of the process: what goes in and what comes out. */
export interface EngineOperations {
  describe: { in: Record<string, never>; out: EngineInfo };
  initial: { in: Record<string, never>; out: Float32Array };
  train: {
    in: { parameters: Float32Array; round: number; seed: number; directory: string };
    out: { trained: Float32Array; examples: number; tokens: number; lossNatsPerToken: number };
  };
  evaluate: {
    in: { parameters: Float32Array };
    out: { lossNatsPerToken: number; examples: number; tokens: number };
  };
  preview: {
    in: Record<string, never>;
    /** Examples that fit, those left out as too long or without a counted token, and tokens of those that fit. */
    out: { examples: number; tooLong: number; uncounted: number; tokens: number; countedTokens: number };
  };
  memory: { in: Record<string, never>; out: number };
  write: { in: { parameters: Float32Array; path: string }; out: null };
}

export type EngineOperation = keyof EngineOperations;

export type EngineRequest =
  | { readonly type: 'open'; readonly subject: EngineSubject }
  | { readonly type: 'call'; readonly id: number; readonly operation: EngineOperation; readonly input: unknown }
  | { readonly type: 'abort'; readonly id: number };

export type EngineReply =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: EngineFault };

/** An error on its way between processes. */
export interface EngineFault {
  readonly code: string;
  readonly message: string;
  readonly hints: readonly string[];
  readonly info: Readonly<Record<string, unknown>>;
}
