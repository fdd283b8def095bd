import type { Fault, SourceFile } from './source-file.ts';

const MAX_LINES = 400;
/** Names that say nothing, and so collect everything. */
const EMPTY_NAMES = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'managers']);
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** The linter's own mark, so that a generated file or a table carries one exemption with its reason, not two. */
const EXEMPT_FROM_LENGTH = /^(?:#!.*\n)?\/\* oxlint-disable max-lines -- \S/;

/** Files too long, or named so that nobody finds in them what they are for. */
export function layoutFaults(files: readonly SourceFile[]): Fault[] {
  return files.flatMap(({ path, text }) => {
    return [...nameFaults(path), ...lengthFaults(text)].map((message) => ({ path, line: 1, message }));
  });
}

function nameFaults(path: string): string[] {
  const names = path.split('/').map((part) => part.replace(/\..*$/, ''));
  const shapeless = names.filter((name) => !KEBAB_CASE.test(name)).map((name) => `"${name}" is not kebab-case`);
  const empty = names
    .filter((name) => EMPTY_NAMES.has(name.split('-').at(-1) ?? ''))
    .map((name) => `"${name}" says nothing: name it after what it holds`);
  return [...shapeless, ...empty];
}

function lengthFaults(text: string): string[] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (lines <= MAX_LINES || EXEMPT_FROM_LENGTH.test(text)) return [];
  return [`has ${lines} lines, over ${MAX_LINES}`];
}
