import { toMicroNats, type Trainer } from '../trainer.ts';
import { badAnswer, parseAnswer, parseLoss, trainAnswer } from './trainer-answer.ts';

/** What a custom trainer is sent: FLock's container interface, and `round` and `seed`, which it may leave unread. */
export interface CallRequest {
  readonly method: 'train' | 'evaluate' | 'aggregate';
  /** In base64: float32 values, little-endian, or opaque bytes; left out where there are none yet. */
  readonly parameters?: string;
  readonly parameters_list?: readonly string[];
  readonly round?: number;
  readonly seed?: number;
}

/** Sends one request to a custom trainer and gives its answer, as it came. */
export type Call = (request: CallRequest, signal: AbortSignal) => Promise<unknown>;

export interface CallTrainerOptions {
  readonly name: string;
  readonly parameterCount: number;
  readonly call: Call;
}

/** A trainer of the owner's own, behind an HTTP container or a command. Its parameters are float32 values of any meaning. */
export function createCallTrainer({ name, parameterCount, call }: CallTrainerOptions): Trainer {
  return {
    describe: () => Promise.resolve({ name, parameterCount }),
    async train({ parameters, round, seed, signal }) {
      const request = { method: 'train', parameters: encodeFloats32(parameters), round, seed } as const;
      const answer = parseAnswer(name, trainAnswer, await call(request, signal));
      const trained = decodeFloats32(name, answer.parameters, parameterCount);
      return {
        update: trained.map((value, index) => value - parameters[index]!),
        examples: answer.examples ?? 1,
        lossMicroNats: answer.loss === undefined ? null : toMicroNats(answer.loss),
      };
    },
    async evaluate(parameters, signal) {
      const request = { method: 'evaluate', parameters: encodeFloats32(parameters) } as const;
      return parseLoss(name, await call(request, signal));
    },
    close: () => Promise.resolve(),
  };
}

/** float32 values as base64 of their little-endian bytes. */
export function encodeFloats32(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

function decodeFloats32(name: string, text: string, count: number): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 4 * count) {
    throw badAnswer(name, `parameters has ${bytes.length} bytes, not 4 for each of ${count} float32 values`);
  }
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const fault = values.findIndex((value) => !Number.isFinite(value));
  if (fault >= 0) throw badAnswer(name, `parameter ${fault} is not finite`);
  return values;
}
