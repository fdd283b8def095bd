/** What a `BaseError` carries besides its sentence. */
export interface BaseErrorOptions {
  /** Values of the sentence for programs: paths, line numbers, sizes. Never a sample, a gradient or a secret. */
  readonly info?: Readonly<Record<string, unknown>>;
  /** What the reader can do, one imperative sentence each. */
  readonly hints?: readonly string[];
  readonly cause?: unknown;
}

/**
 * An error of the environment or of input that came from outside: one sentence with what and where, a stable code to
 * branch on, and what to do about it. A caller's own mistake is a TypeError or RangeError instead.
 */
export class BaseError extends Error {
  override readonly name: string = 'BaseError';
  /** `room/kebab-case-problem`, stable across versions. */
  readonly code: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly hints: readonly string[];

  constructor(code: string, message: string, options: BaseErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.info = options.info ?? {};
    this.hints = options.hints ?? [];
  }
}

/** Throws for a state that only a fault of ours can bring about. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BaseError('core/invariant', `Internal fault: ${message}`);
}
