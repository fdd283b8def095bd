import type { Brand } from '@skein/core';
import { z } from 'zod';

/** A member's account on the chain: `0x` and 40 lower-case hexadecimal digits. Names the member everywhere. */
export type Address = Brand<string, 'Address'>;

/** Reads an address in any case; one member has one spelling. */
export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected 0x and 40 hexadecimal digits')
  .transform((text) => text.toLowerCase() as Address);

/** Bytes as `0x` and lower-case hexadecimal digits, two for each. */
export const hexSchema = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/, 'expected 0x and pairs of lower-case hexadecimal digits');

/** A whole number too large for JSON's numbers, in decimal. */
export const decimalSchema = z.string().regex(/^(0|[1-9][0-9]{0,77})$/, 'expected a whole number in decimal');

/** A chosen set of members as a 64-bit map of their indices on the chain, in decimal. */
export const memberSetSchema = decimalSchema;
