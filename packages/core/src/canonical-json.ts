import { MAX_JSON_DEPTH } from './limits.ts';

type Path = (string | number)[];

/**
 * Writes a value as canonical JSON: no white space, members sorted by UTF-16 units, numbers and strings as ECMAScript
 * serialises them. Equal data give equal text on every machine, so the text can be hashed and signed.
 *
 * Stricter than `JSON.stringify`: what JSON can't hold is refused instead of dropped or changed, and `toJSON` is ignored.
 * @param value null, boolean, finite number, well-formed string, or arrays and plain objects of these, at most 256 deep.
 * @throws TypeError naming the path of the first value that has no canonical form.
 * @see RFC 8785 (JSON Canonicalization Scheme), RFC 7493 (I-JSON)
 * @example canonicalJson({ b: 1e21, a: [true] }) // {"a":[true],"b":1e+21}
 */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

function write(value: unknown, path: Path): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeString(value, path);
  if (typeof value === 'number') return writeNumber(value, path);
  if (typeof value !== 'object') return refuse(typeof value, path);
  if (path.length >= MAX_JSON_DEPTH) return refuse(`deeper than ${MAX_JSON_DEPTH} levels (a cycle?)`, path);
  return Array.isArray(value) ? writeArray(value, path) : writeObject(value, path);
}

function writeString(value: string, path: Path): string {
  if (!value.isWellFormed()) return refuse('a string with a lone surrogate', path);
  return JSON.stringify(value);
}

function writeNumber(value: number, path: Path): string {
  // RFC 8785 §3.2.2.3 is Number::toString of ECMAScript, which also writes −0 as 0.
  return Number.isFinite(value) ? String(value) : refuse(String(value), path);
}

function writeArray(value: readonly unknown[], path: Path): string {
  // Array.from visits holes as undefined, which is refused; map would skip them.
  const items = Array.from(value, (item, index) => writeAt(item, index, path));
  return `[${items.join(',')}]`;
}

function writeObject(value: object, path: Path): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return refuse('no plain object', path);
  // Without a comparator sort() orders by UTF-16 units, as RFC 8785 §3.2.3 asks.
  const members = Object.keys(value)
    .sort()
    .map((key) => `${writeString(key, path)}:${writeAt((value as Record<string, unknown>)[key], key, path)}`);
  return `{${members.join(',')}}`;
}

function writeAt(value: unknown, key: string | number, path: Path): string {
  path.push(key);
  const text = write(value, path);
  path.pop();
  return text;
}

function refuse(what: string, path: Path): never {
  const place = path
    .slice(0, 8)
    .map((key) => `[${JSON.stringify(key)}]`)
    .join('');
  throw new TypeError(`Canonical JSON can't hold what is at $${place}${path.length > 8 ? '…' : ''}: ${what}`);
}
