import type { Tensor } from '../tensor.ts';
import { float32 } from '../tensor.ts';
import type { ModelConfig } from './model-config.ts';

/** Rotary frequencies [headSize/2], computed and scaled as transformers does, rounded to float32. */
export function inverseFrequencies(config: ModelConfig): Float32Array {
  const half = config.headSize / 2;
  return Float32Array.from({ length: half }, (_, i) =>
    scaleFrequency(Math.fround(1 / config.ropeTheta ** ((2 * i) / config.headSize)), config.ropeScaling),
  );
}

function scaleFrequency(frequency: number, scaling: ModelConfig['ropeScaling']): number {
  if (scaling.type === 'default') return frequency;
  if (scaling.type === 'linear') return frequency / scaling.factor;
  // Llama 3.1: long waves are stretched, short ones kept, those between interpolated.
  const waveLength = (2 * Math.PI) / frequency;
  const low = scaling.originalMaxPositions / scaling.lowFrequencyFactor;
  const high = scaling.originalMaxPositions / scaling.highFrequencyFactor;
  if (waveLength > low) return frequency / scaling.factor;
  if (waveLength < high) return frequency;
  const smooth =
    (scaling.originalMaxPositions / waveLength - scaling.lowFrequencyFactor) /
    (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
  return ((1 - smooth) * frequency) / scaling.factor + smooth * frequency;
}

/**
 * Cosines and sines for given positions, each [batch, 1, length, headSize] with both halves alike.
 * Made here, not in the graph: a GPU's cosine of a large angle is too coarse.
 * @param positions [batch·length]
 */
export function rotaryAngles(
  frequencies: Float32Array,
  positions: Int32Array,
  batch: number,
): { cos: Tensor; sin: Tensor } {
  const half = frequencies.length;
  const cos = new Float32Array(positions.length * half * 2);
  const sin = new Float32Array(cos.length);
  positions.forEach((position, row) => {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * (frequencies[i] as number));
      const at = row * half * 2 + i;
      cos[at] = cos[at + half] = Math.cos(angle);
      sin[at] = sin[at + half] = Math.sin(angle);
    }
  });
  const dims = [batch, 1, positions.length / batch, half * 2];
  return { cos: float32(dims, cos), sin: float32(dims, sin) };
}

/** Cosines and sines of the positions from 0, each [count, headSize/2]. */
export function rotaryHalves(frequencies: Float32Array, count: number): { cos: Tensor; sin: Tensor } {
  const half = frequencies.length;
  const angles = Float32Array.from({ length: count * half }, (_, i) => {
    return Math.floor(i / half) * (frequencies[i % half] as number);
  });
  const dims = [count, half];
  return { cos: float32(dims, angles.map(Math.cos)), sin: float32(dims, angles.map(Math.sin)) };
}
