export { BaseError, type BaseErrorOptions, invariant } from './errors.ts';
