import { BaseError } from '@skein/core';
import { type OpaqueTrainer, toMicroNats } from '../trainer.ts';
import type { Call } from './call-trainer.ts';
import { badAnswer, parametersAnswer, parseAnswer, parseLoss, trainAnswer } from './trainer-answer.ts';

export interface OpaqueTrainerOptions {
  readonly name: string;
  /** Largest parameters that the plan lets through. */
  readonly maxBytes: number;
  readonly call: Call;
}

/** A trainer of the owner's own whose parameters nobody but such trainers can read: FLock's whole interface. */
export function createOpaqueTrainer({ name, maxBytes, call }: OpaqueTrainerOptions): OpaqueTrainer {
  const decode = (text: string): Uint8Array => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length >= 1 && bytes.length <= maxBytes) return bytes;
    throw badAnswer(name, `parameters has ${bytes.length} bytes, not 1 to ${maxBytes}`);
  };
  return {
    describe: () => Promise.resolve({ name, parameterCount: null }),
    async train({ parameters, round, seed, signal }) {
      const request = { method: 'train', ...encoded(parameters), round, seed } as const;
      const { loss, ...answer } = parseAnswer(name, trainAnswer, await call(request, signal));
      return {
        update: decode(answer.parameters),
        examples: answer.examples ?? 1,
        lossMicroNats: loss === undefined ? null : toMicroNats(loss),
      };
    },
    async evaluate(parameters, signal) {
      return parseLoss(name, await call({ method: 'evaluate', ...encoded(parameters) }, signal));
    },
    async aggregate(parameters, signal) {
      try {
        const request = { method: 'aggregate', parameters_list: parameters.map(encodeBytes) } as const;
        return decode(parseAnswer(name, parametersAnswer, await call(request, signal)).parameters);
      } catch (error) {
        if (error instanceof BaseError && error.code === 'node/trainer-refused') return null;
        throw error;
      }
    },
    close: () => Promise.resolve(),
  };
}

function encoded(parameters: Uint8Array | null): { parameters?: string } {
  return parameters === null ? {} : { parameters: encodeBytes(parameters) };
}

function encodeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
