import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Node, parseSync, type Program, visitorKeys } from 'oxc-parser';

/** Something that the rules refuse, at a place that an editor can open. */
export interface Fault {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export interface Import {
  /** undefined where it is computed at run time. */
  readonly specifier: string | undefined;
  readonly line: number;
}

export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly imports: readonly Import[];
  readonly syntaxErrors: readonly string[];
}

const SOURCE = /\.[cm]?[jt]sx?$/;

/** Parses every source file below `root`, tests included, packages and hidden folders not; sorted by path. */
export function readSourceFiles(root: string): SourceFile[] {
  return sourcePaths(root, '').map((path) => parseSourceFile(path, readFileSync(join(root, path), 'utf8')));
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Tests and what only they use; they may read files and take their own time. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|\/testing\//.test(path) || path.startsWith('test/');
}

/** Calls `visit` for a node and all below it, each with its parent and the parent's key. */
export function walk(node: Node, visit: (node: Node, parent: Node, key: string) => void): void {
  for (const key of visitorKeys[node.type] ?? []) {
    const below = (node as unknown as Record<string, Node | (Node | null)[] | null>)[key];
    for (const child of Array.isArray(below) ? below : [below]) {
      if (!child) continue;
      visit(child, node, key);
      walk(child, visit);
    }
  }
}

function sourcePaths(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return sourcePaths(root, path);
      // The root's own files are the tools' settings.
      return SOURCE.test(entry.name) && folder !== '' ? [path] : [];
    })
    .toSorted();
}

function parseSourceFile(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  const imports: Import[] = [];
  walk(program, (node) => {
    const source = sourceOf(node);
    if (source === undefined) return;
    const literal = source.type === 'Literal' && typeof source.value === 'string' ? source.value : undefined;
    imports.push({ specifier: literal, line: lineAt(text, source.start) });
  });
  return { path, text, program, imports, syntaxErrors: errors.map((error) => error.message) };
}

/** What a node imports: `import`, `export … from`, `import()`, and `import('…')` in a type. */
function sourceOf(node: Node): Node | undefined {
  const isImport =
    node.type === 'ImportDeclaration' ||
    node.type === 'ExportAllDeclaration' ||
    node.type === 'ExportNamedDeclaration' ||
    node.type === 'ImportExpression' ||
    node.type === 'TSImportType';
  return isImport ? (node.source ?? undefined) : undefined;
}
