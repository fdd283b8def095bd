import { invariant } from '@skein/core';
import { elementCount } from '../tensor.ts';

/** Element types inside a graph; a superset of what can cross a runtime's boundary (weights may stay in 16 bits). */
export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'int8' | 'uint8' | 'uint4' | 'bool';

/** A static extent, or the name of one that is only known when the graph runs. */
export type Dim = number | string;

export type Attribute = number | readonly number[] | string | { readonly float: number };

/** One application of an operator of the ONNX standard (opset 21), or in quantised graphs of ONNX Runtime's own. */
export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of each output; NaN where its shape is only known when the graph runs. */
  readonly outputBytes: readonly number[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Where the bytes of a weight lie: little-endian, row-major, inside a file that the runtime maps. */
export interface ExternalBytes {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export interface Initializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: ElementType;
  readonly source: Float32Array | Int32Array | BigInt64Array | Int8Array | Uint8Array | ExternalBytes;
}

export interface ValueInfo {
  readonly name: string;
  readonly dims: readonly Dim[];
  readonly type: ElementType;
}

/** A finished graph: plain data, so that it can be posted to a worker, interpreted, or written as ONNX. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

const ELEMENT_BYTES: Record<ElementType, number> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  int8: 1,
  uint8: 1,
  uint4: 0.5,
  bool: 1,
};

/** NaN where an extent is only known when the graph runs. */
export function byteLength({ dims, type }: Pick<ValueInfo, 'dims' | 'type'>): number {
  return ELEMENT_BYTES[type] * elementCount(dims.map(Number));
}

/** An edge of a graph under construction. */
export interface Value extends ValueInfo {
  /** Whether a derivative with respect to it may be asked for. */
  readonly differentiable: boolean;
}

type VectorJacobianProduct = (outputGradients: readonly (Value | undefined)[]) => readonly (Value | undefined)[];

interface TapeEntry {
  readonly outputs: readonly Value[];
  readonly inputs: readonly Value[];
  readonly derivative: VectorJacobianProduct;
}

/** What was built off the tape, and the way back through it. */
export interface SeparatePart {
  readonly value: Value;
  /** The differentiable values from outside that it was made of. */
  readonly sources: readonly Value[];
  /** Writes its reverse pass, from the gradient of its value to those of sources; undefined for what it does not use. */
  pullBack(gradient: Value, wanted: readonly Value[]): (Value | undefined)[];
}

/** Stands for an optional input that an operator is not given. */
export const ABSENT: Value = { name: '', dims: [], type: 'float32', differentiable: false };

/** Collects nodes, and a tape of derivative rules from which `backward` writes the reverse pass into the same graph. */
export class GraphBuilder {
  readonly #nodes: GraphNode[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #shared = new Map<string, unknown>();
  #tape: TapeEntry[] = [];
  #counter = 0;

  input(name: string, dims: readonly Dim[], type: ElementType = 'float32', differentiable = false): Value {
    const value = { name, dims, type, differentiable };
    this.#inputs.push({ name, dims, type });
    return value;
  }

  initializer(initializer: Initializer): Value {
    this.#initializers.push(initializer);
    return { name: initializer.name, dims: initializer.dims, type: initializer.type, differentiable: false };
  }

  /** Names `value` as a result of the graph. */
  output(name: string, value: Value): void {
    const outputBytes = [byteLength(value)];
    this.#nodes.push({ operator: 'Identity', inputs: [value.name], outputs: [name], outputBytes, attributes: {} });
    this.#outputs.push({ name, dims: value.dims, type: value.type });
  }

  /** A float32 scalar, stored once per graph. */
  scalar(x: number): Value {
    return this.#constant(`scalar:${x}`, [], 'float32', () => Float32Array.of(x));
  }

  /** A list of int64, as shapes and axes are given to operators; stored once per graph. */
  integers(list: readonly number[]): Value {
    return this.#constant(`integers:${list.join()}`, [list.length], 'int64', () => BigInt64Array.from(list, BigInt));
  }

  /** 0, 1, … count − 1 in int32; stored once per graph. */
  countTo(count: number): Value {
    return this.#constant(`count:${count}`, [count], 'int32', () => Int32Array.from({ length: count }, (_, i) => i));
  }

  /** A float32 constant that the caller names; stored once per name. */
  constant(key: string, dims: readonly number[], make: () => Float32Array): Value {
    return this.#constant(`constant:${key}`, dims, 'float32', make);
  }

  /** A constant of one repeated uint8 value, as zero points are given to operators; stored once per graph. */
  bytes(value: number, dims: readonly number[]): Value {
    const make = () => new Uint8Array(elementCount(dims)).fill(value);
    return this.#constant(`bytes:${value}:${dims.join()}`, dims, 'uint8', make);
  }

  /** What a graph needs only once, made on first use. */
  shared<T>(key: string, make: (key: string) => T): T {
    if (!this.#shared.has(key)) this.#shared.set(key, make(key));
    return this.#shared.get(key) as T;
  }

  /** As `bytes`, of uint4, which lie two to a byte. */
  nibbles(value: number, dims: readonly number[]): Value {
    const make = () => new Uint8Array(Math.ceil(elementCount(dims) / 2)).fill(value * 17);
    return this.#constant(`nibbles:${value}:${dims.join()}`, dims, 'uint4', make);
  }

  /** Applies an operator that has one output. */
  apply(
    operator: string,
    inputs: readonly Value[],
    result: { dims: readonly Dim[]; type?: ElementType; attributes?: Record<string, Attribute> },
  ): Value {
    const [value] = this.applyMany(operator, inputs, { ...result, dims: [result.dims] });
    invariant(value, `${operator} has no output`);
    return value;
  }

  /**
   * @param result.names outputs that are results of the graph under these names, without a copy; '' leaves an optional
   *   one out.
   */
  applyMany(
    operator: string,
    inputs: readonly Value[],
    result: {
      dims: readonly (readonly Dim[])[];
      type?: ElementType;
      attributes?: Record<string, Attribute>;
      names?: readonly (string | undefined)[];
    },
  ): Value[] {
    const type = result.type ?? 'float32';
    const outputs = result.dims.map((dims, index) => ({
      name: result.names?.[index] ?? `${operator}_${this.#counter++}`,
      dims,
      type,
      differentiable: false,
    }));
    for (const [index, name] of result.names?.entries() ?? []) {
      if (name) this.#outputs.push({ name, dims: result.dims[index] ?? [], type });
    }
    this.#nodes.push({
      operator,
      inputs: inputs.map((input) => input.name),
      outputs: outputs.map((output) => output.name),
      outputBytes: outputs.map(byteLength),
      attributes: result.attributes ?? {},
    });
    return outputs;
  }

  /** Ties a derivative rule to values just computed. Where no input is differentiable the rule is dropped. */
  differentiate(
    output: Value,
    inputs: readonly Value[],
    derivative: (gradient: Value) => (Value | undefined)[],
  ): Value {
    const rule: VectorJacobianProduct = ([gradient]) => {
      invariant(gradient, 'a derivative rule was called without a gradient');
      return derivative(gradient);
    };
    return this.differentiateMany([output], inputs, rule)[0] as Value;
  }

  /** As `differentiate`; the rule is given undefined for an output on which nothing depends. */
  differentiateMany(outputs: readonly Value[], inputs: readonly Value[], derivative: VectorJacobianProduct): Value[] {
    const differentiable = inputs.some((input) => input.differentiable);
    const marked = outputs.map((output) => ({ ...output, differentiable }));
    if (differentiable) this.#tape.push({ outputs: marked, inputs, derivative });
    return marked;
  }

  /**
   * Writes the reverse pass of a scalar.
   * @returns the gradient of each value asked for, in the same order.
   */
  backward(loss: Value, wanted: readonly Value[]): Value[] {
    return this.#pullBack(this.#tape, [loss, this.scalar(1)], wanted).map((gradient, index) => {
      invariant(gradient, `the loss does not depend on ${wanted[index]?.name}`);
      return gradient;
    });
  }

  /** Builds `body` off the tape: for `backward` it is nothing until its caller ties a rule to it. */
  apart(body: () => Value): SeparatePart {
    const outside = this.#tape;
    const own: TapeEntry[] = [];
    this.#tape = own;
    const value = body();
    this.#tape = outside;
    const inside = new Set(own.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
    const used = own.flatMap(({ inputs }) => inputs).filter((input) => input.differentiable && !inside.has(input.name));
    return {
      value,
      sources: [...new Map(used.map((input) => [input.name, input])).values()],
      pullBack: (gradient, wanted) => this.#pullBack(own, [value, gradient], wanted),
    };
  }

  #pullBack(
    tape: readonly TapeEntry[],
    [result, seed]: readonly [Value, Value],
    wanted: readonly Value[],
  ): (Value | undefined)[] {
    const gradients = new Map<string, Value>([[result.name, seed]]);
    for (const entry of tape.toReversed()) {
      const outputGradients = entry.outputs.map((output) => gradients.get(output.name));
      if (outputGradients.every((gradient) => gradient === undefined)) continue;
      const inputGradients = entry.derivative(outputGradients);
      entry.inputs.forEach((input, index) => {
        const gradient = inputGradients[index];
        if (!input.differentiable || gradient === undefined) return;
        const sum = gradients.get(input.name);
        gradients.set(input.name, sum ? this.apply('Add', [sum, gradient], { dims: gradient.dims }) : gradient);
      });
    }
    return wanted.map(({ name }) => gradients.get(name));
  }

  build(): Graph {
    const nodes = this.#reachableNodes();
    const used = new Set(nodes.flatMap((node) => node.inputs));
    return {
      nodes,
      initializers: this.#initializers.filter((initializer) => used.has(initializer.name)),
      inputs: this.#inputs.filter((input) => used.has(input.name)),
      outputs: this.#outputs,
    };
  }

  #constant(key: string, dims: readonly number[], type: ElementType, make: () => Initializer['source']): Value {
    const known = this.#constants.get(key);
    if (known) return known;
    const source = make();
    invariant(
      ArrayBuffer.isView(source) && source.length === Math.ceil(elementCount(dims) / (type === 'uint4' ? 2 : 1)),
      `constant ${key} does not fill its shape`,
    );
    const value = this.initializer({ name: `constant_${this.#counter++}`, dims, type, source });
    this.#constants.set(key, value);
    return value;
  }

  #reachableNodes(): GraphNode[] {
    const needed = new Set(this.#outputs.map((output) => output.name));
    const kept: GraphNode[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      kept.push(node);
      for (const input of node.inputs) needed.add(input);
    }
    return kept.reverse();
  }
}
