/**
 * Finds the first member name that an object of a JSON text has twice. `JSON.parse` keeps the last of two silently, so
 * two readers of one text may see different data.
 * @param json a text that `JSON.parse` accepts; of others the answer means nothing.
 * @returns the name after unescaping, or undefined if every object's names are distinct.
 * @see RFC 8259 §4, RFC 7493 §2.3
 */
export function findDuplicateKey(json: string): string | undefined {
  const scopes: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{' || char === '[') scopes.push(new Set());
    else if (char === '}' || char === ']') scopes.pop();
    else if (char === '"') {
      const end = endOfString(json, i);
      if (isFollowedByColon(json, end)) {
        const key = unescapeString(json.slice(i, end));
        const scope = scopes.at(-1);
        if (scope?.has(key)) return key;
        scope?.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** @returns the position after the closing quote of the string that opens at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}

function isFollowedByColon(json: string, position: number): boolean {
  let i = position;
  while (json[i] === ' ' || json[i] === '\n' || json[i] === '\r' || json[i] === '\t') i++;
  return json[i] === ':';
}

function unescapeString(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}
