import { BaseError } from '@skein/core';
import type { Runtime, Session } from '../runtime/runtime.ts';
import { createSessionChecks } from '../runtime/session-checks.ts';
import type { Tensor, TensorData, Tensors, TensorType } from '../tensor.ts';
import type { ArrayValue } from './array-value.ts';
import { assertKnownOperators, evaluateGraph, type Precision } from './evaluate-graph.ts';
import type { Operator } from './operator.ts';
import { operatorTable } from './operator-table.ts';
import { loadInitializers, type ReadBytes } from './load-initializers.ts';

export interface InterpreterOptions {
  /** float32 by default; results leave as float32 either way. */
  readonly precision?: Precision;
  /** Needed for graphs whose weights lie in files. */
  readonly readBytes?: ReadBytes;
  /** In place of its own, by their ONNX name: to compute as some machine does. */
  readonly operators?: Readonly<Record<string, Operator>>;
}

/**
 * A runtime in plain TypeScript, for tiny graphs: slow, and simple enough to be seen to be right. Other runtimes are
 * measured against it.
 */
export function createInterpreter({
  precision = 'float32',
  readBytes = withoutFiles,
  operators: own = {},
}: InterpreterOptions = {}): Runtime {
  const operators = new Map([...operatorTable, ...Object.entries(own)]);
  let closed = false;
  const assertOpen = () => {
    if (closed) throw new BaseError('engine/runtime-closed', 'The runtime was closed.');
  };
  return {
    name: `interpreter (${precision})`,
    async createSession(graph): Promise<Session> {
      assertOpen();
      assertKnownOperators(graph, operators);
      const checks = createSessionChecks(graph);
      const initializers = await loadInitializers(graph, readBytes);
      let bound = new Map<string, ArrayValue>();
      return {
        async bind(feeds) {
          assertOpen();
          checks.bind(feeds);
          bound = new Map([...bound, ...fromTensors(feeds)]);
        },
        async run(feeds, options = {}) {
          assertOpen();
          const { fetch, carry } = checks.run(feeds, options, (name) => bound.has(name));
          const given = new Map([...initializers, ...bound, ...fromTensors(feeds)]);
          const results = evaluateGraph(graph, given, { precision, operators });
          for (const [output, input] of carry) bound.set(input, results.get(output) as ArrayValue);
          return Object.fromEntries(fetch.map((name) => [name, toTensor(results.get(name) as ArrayValue)]));
        },
        async release() {
          assertOpen();
          checks.release();
        },
      };
    },
    async close() {
      closed = true;
    },
  };
}

async function withoutFiles(file: string): Promise<never> {
  throw new BaseError(
    'engine/no-reader',
    `The graph's weights lie in ${file}, but the interpreter was given no reader.`,
    {
      hints: ['Pass readBytes to createInterpreter.'],
    },
  );
}

function fromTensors(tensors: Tensors): Map<string, ArrayValue> {
  return new Map(Object.entries(tensors).map(([name, tensor]) => [name, fromTensor(tensor)]));
}

/** A copy in the interpreter's own form. */
export function fromTensor({ type, dims, data }: Tensor): ArrayValue {
  return { type, dims, data: Float64Array.from(data as ArrayLike<number | bigint>, Number) };
}

const TO_DATA: Readonly<Record<TensorType, (data: Float64Array) => TensorData>> = {
  float32: (data) => Float32Array.from(data),
  int32: (data) => Int32Array.from(data),
  int64: (data) => BigInt64Array.from(data, BigInt),
  bool: (data) => Uint8Array.from(data),
};

function toTensor({ type, dims, data }: ArrayValue): Tensor {
  const convert = TO_DATA[type as TensorType];
  if (!convert) throw new BaseError('engine/runtime-output', `A result of type ${type} cannot leave the runtime.`);
  return { type: type as TensorType, dims, data: convert(data) };
}
