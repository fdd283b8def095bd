import type { Node } from 'oxc-parser';
import { isNodeFree } from './import-faults.ts';
import { type Room, roomOf } from './rooms.ts';
import { type Fault, isTest, lineAt, type SourceFile, walk } from './source-file.ts';

/** Globals of one host only: code that names them runs in Node or in a page, but not in both. */
const HOST_GLOBALS = ['process', 'Buffer', 'require', '__dirname', '__filename', 'global', 'setImmediate'];
const PAGE_GLOBALS = ['window', 'document', 'navigator', 'localStorage', 'sessionStorage', 'indexedDB'];
/** Clock, randomness, timers and network: what makes two runs differ. */
const WORLD_GLOBALS = ['performance', 'crypto', 'fetch', 'XMLHttpRequest', 'WebSocket', 'setTimeout', 'setInterval'];
const WORLD_MEMBERS = ['Date.now', 'Math.random'];

/**
 * Uses of the host where a room must run without Node, and of clock, randomness, timers or network where it is pure.
 * A name that the file itself declares is the file's own; scopes are not told apart.
 */
export function purityFaults(files: readonly SourceFile[]): Fault[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === undefined || !isNodeFree({ path: file.path, room })) return [];
    return globalFaults(file, room);
  });
}

function globalFaults({ path, text, program }: SourceFile, room: Room): Fault[] {
  const pure = room.pure && !isTest(path);
  const refused = new Set([...HOST_GLOBALS, ...PAGE_GLOBALS, ...(pure ? WORLD_GLOBALS : [])]);
  const declared = declaredNames(program);
  const faults: Fault[] = [];
  walk(program, (node, parent, key) => {
    const name = refusedUse({ node, parent, key }, refused, pure);
    if (name === undefined || declared.has(name)) return;
    const reason = pure ? 'must get it as an argument' : 'must run without one host alone';
    faults.push({ path, line: lineAt(text, node.start), message: `uses ${name}, but ${room.name} ${reason}` });
  });
  return faults;
}

interface Place {
  readonly node: Node;
  readonly parent: Node;
  readonly key: string;
}

function refusedUse({ node, parent, key }: Place, refused: ReadonlySet<string>, pure: boolean): string | undefined {
  if (node.type === 'Identifier') return refused.has(node.name) && isReference(parent, key) ? node.name : undefined;
  const member = memberName(node);
  if (member === undefined) return pure && readsClock(node) ? 'new Date()' : undefined;
  if (pure && WORLD_MEMBERS.includes(member)) return member;
  const [object, property = ''] = member.split('.');
  return object === 'globalThis' && refused.has(property) ? member : undefined;
}

/** Not the name of a property, as in `model.process` or `{ process: 1 }`. */
function isReference(parent: Node, key: string): boolean {
  const computed = 'computed' in parent && parent.computed;
  return computed || !['property', 'key', 'imported', 'exported', 'label'].includes(key);
}

function memberName(node: Node): string | undefined {
  if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return undefined;
  if (node.property.type === 'Identifier' && !node.computed) return `${node.object.name}.${node.property.name}`;
  return node.property.type === 'Literal' ? `${node.object.name}.${node.property.value}` : undefined;
}

/** `new Date()` and `Date()` read the clock; `new Date(ms)` does not. */
function readsClock(node: Node): boolean {
  if (node.type !== 'NewExpression' && node.type !== 'CallExpression') return false;
  const isDate = node.callee.type === 'Identifier' && node.callee.name === 'Date';
  return isDate && (node.type === 'CallExpression' || node.arguments.length === 0);
}

function declaredNames(program: Node): ReadonlySet<string> {
  const names = new Set<string>();
  walk(program, (node, parent, key) => {
    if (node.type === 'Identifier' && isBinding(parent, key)) names.add(node.name);
    if (node.type !== 'ObjectPattern') return;
    for (const { value } of node.properties.filter((property) => property.type === 'Property')) {
      if (value.type === 'Identifier') names.add(value.name);
    }
  });
  return names;
}

/** Variables, functions, parameters, imports and the parts of patterns. */
function isBinding(parent: Node, key: string): boolean {
  if (parent.type === 'ExportSpecifier') return false;
  const inPattern = ['ArrayPattern', 'RestElement'].includes(parent.type);
  return (
    inPattern || ['id', 'params', 'local'].includes(key) || (parent.type === 'AssignmentPattern' && key === 'left')
  );
}
