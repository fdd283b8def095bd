import { describe, expect, test } from 'vitest';
import { clipGradients, gradientNorm } from './clip.ts';
import { elementsPerTurn } from './element-chunks.ts';

const noYield = async () => {};

describe('gradientNorm', () => {
  test('is the L2 norm over all arrays', async () => {
    const norm = await gradientNorm([Float32Array.of(2, 3), Float32Array.of(), Float32Array.of(-6)], noYield);
    expect(norm).toEqual({ total: 7, firstNonFinite: -1 });
  });

  test('does not overflow where a float32 sum would', async () => {
    const { total } = await gradientNorm([Float32Array.of(3e30, 4e30)], noYield);
    expect(Math.abs(total / 5e30 - 1)).toBeLessThan(1e-7);
  });

  test('does not lose small elements beside many others', async () => {
    // In float32 the sum of squares stops growing at 2^24; in float64 it is exact.
    const many = new Float32Array(2 ** 25).fill(1);
    expect((await gradientNorm([many], noYield)).total).toBe(Math.sqrt(2 ** 25));
  });

  test('adds up over turns and yields between them', async () => {
    let yields = 0;
    const ones = new Float32Array(2 * elementsPerTurn + 4).fill(1);
    const norm = await gradientNorm([ones], async () => {
      yields++;
    });
    expect(norm.total).toBe(Math.sqrt(ones.length));
    expect(yields).toBe(2);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('finds %d', async (bad) => {
    const norm = await gradientNorm([Float32Array.of(1), Float32Array.of(1, bad), Float32Array.of(bad)], noYield);
    expect(norm.firstNonFinite).toBe(1);
    expect(Number.isFinite(norm.total)).toBe(false);
  });
});

describe('clipGradients', () => {
  test('scales every array by max / (norm + 1e-6)', async () => {
    const gradients = [Float32Array.of(3), Float32Array.of(0, -4)];
    const factor = await clipGradients(gradients, { norm: 5, maxNorm: 1 }, noYield);
    expect(factor).toBe(1 / (5 + 1e-6));
    expect(gradients).toEqual([Float32Array.of(3 * factor), Float32Array.of(0, -4 * factor)]);
  });

  test('leaves gradients below the limit as they are', async () => {
    const gradients = [Float32Array.of(3, 4)];
    expect(await clipGradients(gradients, { norm: 5, maxNorm: 5.1 }, noYield)).toBe(1);
    expect(gradients).toEqual([Float32Array.of(3, 4)]);
  });

  test('refuses a limit of zero', async () => {
    await expect(clipGradients([], { norm: 1, maxNorm: 0 }, noYield)).rejects.toThrow(RangeError);
  });
});
