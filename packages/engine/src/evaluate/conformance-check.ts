/** One comparison against a reference: the worst place, as a share of what the tolerance allows there. */
export interface ConformanceCheck {
  readonly name: string;
  /** Largest error, in the unit that `measure` names. */
  readonly error: number;
  readonly measure: 'absolute' | 'relative' | 'relative L2' | 'differing tokens';
  /** The largest error divided by its tolerance; above 1 is a miss. Infinity where anything is NaN. */
  readonly shareOfTolerance: number;
  readonly tolerance: string;
  readonly passed: boolean;
}

/** |a−b| ≤ atol + rtol·|b| at every place. */
export function compareElements(
  name: string,
  [actual, expected]: readonly [ArrayLike<number>, ArrayLike<number>],
  { atol, rtol }: { atol: number; rtol: number },
): ConformanceCheck {
  let error = 0;
  let share = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i] as number;
    const difference = Math.abs((actual[i] as number) - reference);
    error = Number.isNaN(difference) ? Number.NaN : Math.max(error, difference);
    share = Math.max(share, difference / (atol + rtol * Math.abs(reference)));
  }
  return finish({ name, error, measure: 'absolute', shareOfTolerance: share, tolerance: `${atol} + ${rtol}·|b|` });
}

/** ‖a−b‖₂ / ‖b‖₂ of one array. */
export function compareNorm(
  name: string,
  [actual, expected]: readonly [ArrayLike<number>, ArrayLike<number>],
  limit: number,
): ConformanceCheck {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] as number) - (expected[i] as number)) ** 2;
    norm += (expected[i] as number) ** 2;
  }
  const error = actual.length === expected.length ? Math.sqrt(difference / norm) : Number.POSITIVE_INFINITY;
  return finish({ name, error, measure: 'relative L2', shareOfTolerance: error / limit, tolerance: String(limit) });
}

/** |a−b| / |b|, the worst of several numbers. */
export function compareRelative(
  name: string,
  [actual, expected]: readonly [readonly number[], readonly number[]],
  limit: number,
): ConformanceCheck {
  const errors = expected.map((b, i) => Math.abs((actual[i] ?? Number.NaN) - b) / Math.abs(b));
  const error = actual.length === expected.length ? Math.max(...errors) : Number.POSITIVE_INFINITY;
  return finish({ name, error, measure: 'relative', shareOfTolerance: error / limit, tolerance: String(limit) });
}

export function compareTokens(
  name: string,
  [actual, expected]: readonly [readonly number[], readonly number[]],
): ConformanceCheck {
  const length = Math.max(actual.length, expected.length);
  const error = Array.from({ length }, (_, i) => actual[i] !== expected[i]).filter(Boolean).length;
  return finish({
    name,
    error,
    measure: 'differing tokens',
    shareOfTolerance: error === 0 ? 0 : Number.POSITIVE_INFINITY,
    tolerance: '0',
  });
}

function finish(check: Omit<ConformanceCheck, 'passed'>): ConformanceCheck {
  // As infinity, so that a NaN is the worst of several checks whatever their order.
  const shareOfTolerance = Number.isNaN(check.shareOfTolerance) ? Number.POSITIVE_INFINITY : check.shareOfTolerance;
  return { ...check, shareOfTolerance, passed: shareOfTolerance <= 1 && Number.isFinite(check.error) };
}
