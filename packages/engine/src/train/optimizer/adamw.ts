import { forEachChunk, type YieldControl } from '../element-chunks.ts';

/** β₁, β₂ ∈ [0, 1), ε > 0, weight decay ≥ 0. */
export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** The defaults of `torch.optim.AdamW`. */
export const adamWDefaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

/** First and second moments, one array per parameter, in the parameters' order and shapes. */
export interface AdamWState {
  readonly m: readonly Float32Array[];
  readonly v: readonly Float32Array[];
}

export interface AdamWUpdate {
  readonly gradients: readonly Float32Array[];
  readonly learningRate: number;
  /** Number of this update, from 1; it corrects the bias of the moments. */
  readonly step: number;
  readonly options: AdamWOptions;
  readonly yieldControl: YieldControl;
}

/** Moments at zero. Costs twice the memory of the parameters. */
export function createAdamWState(parameters: readonly Float32Array[]): AdamWState {
  return {
    m: parameters.map((parameter) => new Float32Array(parameter.length)),
    v: parameters.map((parameter) => new Float32Array(parameter.length)),
  };
}

/**
 * One AdamW update in place, with weight decay decoupled from the gradient as `torch.optim.AdamW` does it. Moments and
 * parameters are float32; the arithmetic between them is double, so results agree with PyTorch's to float32 rounding.
 * Yields about every millisecond; nobody may read the arrays until the promise settles.
 * @returns the index of the first array that became NaN or infinite, or -1.
 * @throws RangeError for a step below 1 or arrays that do not fit together.
 * Source: Loshchilov & Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101.
 */
export async function adamWStep(
  parameters: readonly Float32Array[],
  state: AdamWState,
  update: AdamWUpdate,
): Promise<number> {
  const { gradients, learningRate, step, options } = update;
  if (!Number.isInteger(step) || step < 1) throw new RangeError(`AdamW's step must be an integer from 1, got ${step}`);
  const arrays = parameters.map((parameter, index) => alignedArrays(parameter, gradients, state, index));
  const coefficients: Coefficients = {
    ...options,
    decay: 1 - learningRate * options.weightDecay,
    stepSize: learningRate / (1 - options.beta1 ** step),
    rootCorrection: Math.sqrt(1 - options.beta2 ** step),
  };
  let firstNonFinite = -1;
  await forEachChunk(
    parameters,
    (index, start, end) => {
      const finite = updateRange(arrays[index]!, { start, end }, coefficients);
      if (!finite && firstNonFinite < 0) firstNonFinite = index;
    },
    update.yieldControl,
  );
  return firstNonFinite;
}

interface Arrays {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

interface Coefficients extends AdamWOptions {
  readonly decay: number;
  readonly stepSize: number;
  readonly rootCorrection: number;
}

function alignedArrays(
  parameter: Float32Array,
  gradients: readonly Float32Array[],
  { m, v }: AdamWState,
  index: number,
): Arrays {
  const [gradient, first, second] = [gradients[index], m[index], v[index]];
  const count = parameter.length;
  if (gradient?.length !== count || first?.length !== count || second?.length !== count) {
    throw new RangeError(`Parameter ${index} has ${count} elements; its gradient and moments must have as many`);
  }
  return { parameter, gradient, m: first, v: second };
}

/** Returns false where a parameter or a moment of the range became NaN or infinite. */
function updateRange(arrays: Arrays, range: { start: number; end: number }, c: Coefficients): boolean {
  const { parameter, gradient, m, v } = arrays;
  const { beta1, beta2, epsilon, decay, stepSize, rootCorrection } = c;
  // Stays 0 as long as everything is finite: ∞ − ∞ and NaN − NaN are NaN.
  let poison = 0;
  for (let i = range.start; i < range.end; i++) {
    const g = gradient[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    // Read back: the update must use the rounded moments, or a resumed run would differ from an undisturbed one.
    const first = m[i]!;
    const second = v[i]!;
    parameter[i] = decay * parameter[i]! - (stepSize * first) / (Math.sqrt(second) / rootCorrection + epsilon);
    const sum = parameter[i]! + first + second;
    poison += sum - sum;
  }
  return poison === 0;
}
