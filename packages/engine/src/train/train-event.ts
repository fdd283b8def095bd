import type { Evaluation } from './early-stop.ts';

export type TrainStatus = 'complete' | 'early-stopped' | 'interrupted';

export interface StartEvent {
  readonly type: 'start';
  /** Steps already done; above 0 where the run was resumed. */
  readonly step: number;
  readonly totalSteps: number;
  readonly trainableElements: number;
}

export interface StepEvent {
  readonly type: 'step';
  /** From 1. */
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  /** Mean nll over the labelled tokens of the step's window, in nats, before the update. */
  readonly loss: number;
  readonly learningRate: number;
  /** L2 norm of all gradients before clipping. */
  readonly gradientNorm: number;
  /** Tokens of the window without padding. */
  readonly tokens: number;
  readonly labelledTokens: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

export interface EvaluationEvent extends Evaluation {
  readonly type: 'evaluation';
  readonly labelledTokens: number;
  /** Whether this is the lowest loss so far. */
  readonly best: boolean;
}

export interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly step: number;
}

export interface EndEvent {
  readonly type: 'end';
  readonly status: TrainStatus;
  readonly step: number;
  readonly best: Evaluation | null;
}

/** What a run tells while it goes on, in order. */
export type TrainEvent = StartEvent | StepEvent | EvaluationEvent | CheckpointEvent | EndEvent;
