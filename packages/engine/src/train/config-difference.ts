/**
 * Where two JSON values differ, as sentences like `learningRate: 0.1 instead of 0.2`, fields of objects by dotted
 * path, in the order of `saved`. Empty where they are equal. A list counts as one value.
 */
export function configDifferences(saved: unknown, given: unknown, path = ''): string[] {
  if (isObject(saved) && isObject(given)) {
    const keys = new Set([...Object.keys(saved), ...Object.keys(given)]);
    return [...keys].flatMap((key) => configDifferences(saved[key], given[key], path === '' ? key : `${path}.${key}`));
  }
  const [before, now] = [shown(saved), shown(given)];
  return before === now ? [] : [`${path}: ${now} instead of ${before}`];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
