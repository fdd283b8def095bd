import { z } from 'zod';

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as lower-case hexadecimal digits: how keys and shares stand in messages and stored states. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

/** The bytes of hexadecimal digits. @throws RangeError where they aren't pairs of lower-case digits. */
export function fromHex(hex: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) throw new RangeError(`No hexadecimal bytes, ${hex.length} characters`);
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Exactly `byteCount` bytes in lower-case hexadecimal digits. */
export const hexSchema = (byteCount: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * byteCount}}$`), `expected ${byteCount} bytes in lower-case hexadecimal`);
