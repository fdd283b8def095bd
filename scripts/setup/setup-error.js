/**
 * A fault of the machine or the network that set-up can't get past: one sentence that says what to do.
 * Set-up runs before anything is installed, so it can't use `BaseError` of `@skein/core`.
 */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}
