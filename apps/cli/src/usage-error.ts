import { BaseError } from '@skein/core';

/** The command line itself is wrong; ends the process with the exit code for usage. Codes begin with `cli/`. */
export class UsageError extends BaseError {
  override readonly name = 'UsageError';
}
