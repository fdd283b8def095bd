/**
 * Whether an answer says exactly what was expected. Blanks at the ends, the width of blanks inside and the Unicode
 * form of composed characters make no difference; case and punctuation do.
 */
export function isExactMatch(answer: string, expected: string): boolean {
  return normalised(answer) === normalised(expected);
}

function normalised(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}
