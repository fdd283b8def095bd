/** Decimals of the development token, as of most ERC-20s. */
const DECIMALS = 18;

/** An amount in base units as a person writes it: `12.5`. */
export function formatTokens(baseUnits: string | bigint): string {
  const digits = BigInt(baseUnits)
    .toString()
    .padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return digits.slice(0, -DECIMALS) + (fraction === '' ? '' : `.${fraction}`);
}

/** Base units of an amount as a person writes it. @returns null where it is none, or finer than the token. */
export function parseTokens(text: string): bigint | null {
  const [, whole, fraction = ''] = /^(\d{1,40})(?:\.(\d{1,18}))?$/.exec(text) ?? [];
  return whole === undefined ? null : BigInt(whole + fraction.padEnd(DECIMALS, '0'));
}
