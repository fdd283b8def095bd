import type { Node } from 'oxc-parser';
import { isTest, type SourceFile, walk } from '../architecture/source-file.ts';

/** What the sources say of an error code. */
export interface ErrorCode {
  readonly code: string;
  /** The sentence, values replaced by "…"; undefined where it is put together elsewhere. */
  readonly sentence: string | undefined;
  readonly hints: readonly string[];
}

const CODE =
  /^(core|engine|privacy|alliance|member|aggregator|chain|client|hub|node|cli|samples|train)\/[a-z][a-z0-9-]+$/;
const PROGRAM = /^(packages|apps)\/[^/]+\/src\//;

/** Every code that stands in the programs' sources, sorted; the fullest mention of each counts. */
export function collectCodes(files: readonly SourceFile[]): ErrorCode[] {
  const found = new Map<string, ErrorCode>();
  for (const file of files) {
    if (!PROGRAM.test(file.path) || isTest(file.path)) continue;
    walk(file.program, (node, parent, key) => {
      if (node.type !== 'Literal' || typeof node.value !== 'string' || !CODE.test(node.value)) return;
      if (key === 'source' || parent.type === 'TSLiteralType') return;
      const code = { code: node.value, ...sayingOf(file, node, parent) };
      const known = found.get(code.code);
      if (known === undefined || fullness(code) > fullness(known)) found.set(code.code, code);
    });
  }
  return [...found.values()].toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

function fullness({ sentence, hints }: ErrorCode): number {
  return (sentence === undefined ? 0 : 2) + Math.min(hints.length, 1);
}

/** Sentence and hints of `new BaseError(code, sentence, { hints })` and of calls of the same form. */
function sayingOf(file: SourceFile, node: Node, parent: Node): Pick<ErrorCode, 'sentence' | 'hints'> {
  if (parent.type !== 'NewExpression' && parent.type !== 'CallExpression') return { sentence: undefined, hints: [] };
  const at = parent.arguments.indexOf(node as (typeof parent.arguments)[number]);
  const [said, ...rest] = parent.arguments.slice(at + 1);
  const hints = rest.flatMap((argument) => hintsOf(file, argument));
  return { sentence: said && textOf(file, said), hints };
}

function hintsOf(file: SourceFile, argument: Node): string[] {
  if (argument.type !== 'ObjectExpression') return [];
  return argument.properties.flatMap((property) => {
    if (property.type !== 'Property' || property.key.type !== 'Identifier' || property.key.name !== 'hints') return [];
    if (property.value.type !== 'ArrayExpression') return [];
    return property.value.elements.flatMap((element) => (element ? (textOf(file, element) ?? []) : []));
  });
}

/** A text with "…" for each value in it; undefined where it is no text of this file. */
function textOf(file: SourceFile, node: Node): string | undefined {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? node.value : undefined;
    case 'TemplateLiteral':
      return node.quasis.map(({ value }) => value.cooked ?? '').join('…');
    case 'BinaryExpression':
      return [node.left, node.right].map((side) => textOf(file, side) ?? '…').join('');
    case 'Identifier':
      return variableText(file, node.name, node.start);
    default:
      return undefined;
  }
}

/** The text that a variable of this name was last given before this place. */
function variableText(file: SourceFile, name: string, before: number): string | undefined {
  let text: string | undefined;
  walk(file.program, (node) => {
    if (node.type !== 'VariableDeclarator' || node.start > before || node.init === null) return;
    if (node.id.type === 'Identifier' && node.id.name === name) text = textOf(file, node.init);
  });
  return text;
}
