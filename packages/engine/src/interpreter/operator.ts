import { BaseError } from '@skein/core';
import type { Attribute } from '../graph/graph.ts';
import type { ArrayValue } from './array-value.ts';

export type Attributes = Readonly<Record<string, Attribute>>;

/** One operator of ONNX's standard (onnx.ai/onnx/operators, opset 21), of which all that we use have one output. */
export type Operator = (inputs: readonly ArrayValue[], attributes: Attributes) => ArrayValue;

/** A fault in what a graph asks for, which ONNX Runtime would refuse as well. */
export function operatorFault(problem: string): BaseError {
  return new BaseError('engine/operator-fault', `The graph asks for the impossible: ${problem}.`, {
    hints: ['Report this with the command that led here; graphs are written by the engine itself.'],
  });
}

/** The input at `index`. @throws BaseError where the node has fewer. */
export function inputAt(inputs: readonly ArrayValue[], index: number): ArrayValue {
  const input = inputs[index];
  if (!input) throw operatorFault(`an operator lacks its input ${index}`);
  return input;
}

export function integerAttribute(attributes: Attributes, name: string, fallback: number): number {
  const value = attributes[name] ?? fallback;
  if (typeof value !== 'number') throw operatorFault(`attribute ${name} is not an integer`);
  return value;
}

export function floatAttribute(attributes: Attributes, name: string, fallback: number): number {
  const value = attributes[name] ?? { float: fallback };
  if (typeof value !== 'object' || !('float' in value)) throw operatorFault(`attribute ${name} is not a float`);
  // A float in a file of ONNX has 32 bits.
  return Math.fround(value.float);
}

/** An axis counted from the front; ONNX counts negative ones from the end. */
export function axisOf(axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (counted < 0 || counted >= rank) throw operatorFault(`axis ${axis} of an array with ${rank} axes`);
  return counted;
}

/** An index into an extent, counted from the front. */
export function indexOf(index: number, extent: number): number {
  const counted = index < 0 ? index + extent : index;
  if (counted < 0 || counted >= extent) throw operatorFault(`index ${index} into an extent of ${extent}`);
  return counted;
}
