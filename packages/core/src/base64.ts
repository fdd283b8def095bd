/** Writes bytes in base64 with padding (RFC 4648 §4). */
export function encodeBase64(data: Uint8Array): string {
  let text = '';
  // Spread arguments live on the stack, so a large array goes in pieces.
  for (let at = 0; at < data.length; at += 4096) text += String.fromCharCode(...data.subarray(at, at + 4096));
  return btoa(text);
}

/** The bytes of a base64 text, or undefined unless it is the one canonical spelling of them. */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    return btoa(binary) === text ? Uint8Array.from(binary, (char) => char.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}
