import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface StepMeasurement {
  readonly seconds: number;
  readonly loss: number;
  readonly anonymousBytes: number;
  readonly peakBytes: number;
}

export interface StepServer<T = StepMeasurement> {
  readonly name: string;
  /** One training step, measured by the process that takes it. */
  step(): Promise<T>;
  stop(): void;
}

/** A process that takes one step for each line that it reads, as training-step-server.ts does. */
export function startStepServer<T = StepMeasurement>(
  name: string,
  [program, ...words]: readonly [string, ...string[]],
): StepServer<T> {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name,
    async step() {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done === true) throw new TypeError(`${name} ended; its own message is above`);
      return JSON.parse(value) as T;
    },
    stop: () => child.stdin.end(),
  };
}
