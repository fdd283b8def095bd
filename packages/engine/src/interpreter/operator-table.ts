import { elementwiseOperators } from './elementwise.ts';
import { indexingOperators } from './indexing.ts';
import { integerOperators } from './integers.ts';
import { layoutOperators } from './layout.ts';
import { matrixOperators } from './matrix.ts';
import type { Operator } from './operator.ts';
import { reductionOperators } from './reduction.ts';

/** Every operator that the interpreter knows, by its ONNX name. */
export const operatorTable: ReadonlyMap<string, Operator> = new Map(
  [
    elementwiseOperators,
    reductionOperators,
    layoutOperators,
    indexingOperators,
    matrixOperators,
    integerOperators,
  ].flatMap((family) => Object.entries(family)),
);
