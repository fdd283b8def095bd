import type { TensorData } from '../../tensor.ts';

/** The largest |a − b| / (atol + rtol·|b|): at most 1 where everything agrees, infinite for NaN or other lengths. */
export function shareOfTolerance(
  a: TensorData,
  b: TensorData,
  { atol, rtol }: { readonly atol: number; readonly rtol: number },
): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (x === y) continue;
    const share = Math.abs(x - y) / (atol + rtol * Math.abs(y));
    worst = Math.max(worst, Number.isNaN(share) ? Number.POSITIVE_INFINITY : share);
  }
  return worst;
}

/** ‖a − b‖ / ‖b‖; infinite for NaN or other lengths. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [difference, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    size += (b[i] as number) ** 2;
  }
  const distance = difference === 0 ? 0 : Math.sqrt(difference / size);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}
