import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFaults } from './find-faults.ts';
import { rooms } from './rooms.ts';

/** Every room with a package has to have a source file; most say nothing here. */
const PACKAGES = rooms
  .filter((room) => room.package !== undefined)
  .map(({ folder }) => [`${folder}/src/index.ts`, 'export const nothing = 0;']);

/** A small repository without a fault: every planted one below is its only one. */
const SOUND: Readonly<Record<string, string>> = {
  ...Object.fromEntries(PACKAGES),
  'package.json': '{"devDependencies": {"vitest": "1"}}',
  'packages/core/package.json': '{"exports": {".": "./src/index.ts"}, "dependencies": {"zod": "1"}}',
  'packages/core/src/index.ts': `export { a } from './a.ts';`,
  'packages/core/src/a.ts': `import { z } from 'zod';\nexport const a = (process: number, at: Date) => z.int().parse(process) + at.getTime();`,
  'packages/core/src/a.test.ts': `import { readFileSync } from 'node:fs';\nimport { it } from 'vitest';\nimport rows from '../../../test/vectors/rows.json' with { type: 'json' };\nit('a', () => { rows; readFileSync('a'); Date.now(); });`,
  'packages/engine/package.json':
    '{"exports": {".": "./src/index.ts", "./node": "./src/node/index.ts"}, "dependencies": {"onnxruntime-node": "1"}}',
  'packages/engine/src/index.ts': `export { a } from '@skein/core';`,
  'packages/engine/src/node/index.ts': `import 'onnxruntime-node';\nexport * from 'node:fs';\nexport const at = () => Date.now() + process.pid;`,
  'apps/cli/package.json': '{}',
  'apps/cli/src/main.ts': `import '@skein/engine/node';\nimport '../../../scripts/setup/run-node.js';`,
  'scripts/setup/run-node.js': `import 'node:child_process';`,
};

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skein-architecture-'));
  write(SOUND);
});

afterEach(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function found(): string[] {
  return findFaults(root).faults.map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

describe('findFaults', () => {
  it('accepts a sound repository and says how much it read', () => {
    const fileCount = Object.keys(SOUND).filter((path) => !path.endsWith('.json')).length;
    expect(findFaults(root)).toEqual({ faults: [], fileCount, importCount: 11 });
  });

  it.each<[fault: string, path: string, text: string, message: RegExp]>([
    [
      'an import against the table',
      'packages/core/src/b.ts',
      `import '@skein/engine';`,
      /:1: core may not import engine/,
    ],
    [
      'the same as a type',
      'packages/core/src/b.ts',
      `\ntype A = import('@skein/engine').A;`,
      /:2: core may not import/,
    ],
    ['the same handed on', 'packages/core/src/b.ts', `export * from '@skein/engine';`, /core may not import engine/],
    ['the same at run time', 'packages/core/src/b.ts', `await import('@skein/engine');`, /core may not import engine/],
    ['a relative import against the table', 'scripts/setup/b.js', `import '../b.ts';`, /setup may not import scripts/],
    ['a deep import by name', 'packages/engine/src/b.ts', `import '@skein/core/src/a.ts';`, /no entry of @skein\/core/],
    [
      'a deep import by path',
      'packages/engine/src/b.ts',
      `import '../../core/src/a.ts';`,
      /out of core: use @skein\/core/,
    ],
    ['its own room by name', 'packages/core/src/b.ts', `import '@skein/core';`, /its own room by name/],
    [
      'an undeclared package',
      'packages/engine/src/b.ts',
      `import 'zod';`,
      /zod, which its package.json does not declare/,
    ],
    ['a package that no room lends', 'scripts/b.ts', `import 'absent';`, /absent, which its package.json/],
    ['a development package', 'packages/core/src/b.ts', `import 'vitest';`, /vitest, which its package.json/],
    [
      'a computed import',
      'packages/core/src/b.ts',
      `export const b = (p: string) => import(p);`,
      /only the run time knows/,
    ],
    ['a file of the tests', 'packages/core/src/b.ts', `import './testing/c.ts';`, /only for tests/],
    ['a file outside all rooms', 'tools/b.ts', '', /belongs to no room/],
    ['an import from outside all rooms', 'scripts/b.ts', `import '../tools/b.json';`, /belongs to no room/],
    ['node: in core', 'packages/core/src/b.ts', `import 'node:fs';`, /node:fs, but this part of core must run without/],
    ['a bare built-in in core', 'packages/core/src/b.ts', `import 'fs';`, /imports fs, but/],
    ['node: in the engine', 'packages/engine/src/b.ts', `import 'node:fs';`, /node:fs, but this part of engine/],
    ['a package for Node alone', 'packages/engine/src/b.ts', `import 'onnxruntime-node';`, /onnxruntime-node, but/],
    ['process in the engine', 'packages/engine/src/b.ts', `export const b = process.pid;`, /uses process, but engine/],
    ['Buffer behind globalThis', 'packages/engine/src/b.ts', `globalThis.Buffer.from('');`, /uses globalThis.Buffer/],
    ['Date.now in core', 'packages/core/src/b.ts', `export const b = Date.now();`, /uses Date.now, but core/],
    ['Date["now"] in core', 'packages/core/src/b.ts', `export const b = Date['now']();`, /uses Date.now/],
    ['new Date() in core', 'packages/core/src/b.ts', `export const b = new Date();`, /uses new Date\(\)/],
    ['Math.random in core', 'packages/core/src/b.ts', `\n\nexport const b = Math.random;`, /:3: uses Math.random/],
    ['process in core', 'packages/core/src/b.ts', `export const b = process.env;`, /uses process/],
    ['the page in core', 'packages/core/src/b.ts', `export const b = document.title;`, /uses document/],
    ['a timer in core', 'packages/core/src/b.ts', `setTimeout(() => {}, 1);`, /uses setTimeout/],
    ['crypto in core', 'packages/core/src/b.ts', `crypto.getRandomValues(new Uint8Array(1));`, /uses crypto/],
    ['a circle of one', 'packages/core/src/b.ts', `import './b.ts';`, /closes a circle: \S+b.ts → \S+b.ts$/],
    ['a file too long', 'packages/core/src/b.ts', '//\n'.repeat(401), /has 401 lines, over 400/],
    ['a name that says nothing', 'packages/core/src/utils.ts', '', /"utils" says nothing/],
    ['a folder that says nothing', 'packages/core/src/common/b.ts', '', /"common" says nothing/],
    ['a name that ends in nothing', 'packages/core/src/run-manager.test.ts', '', /"run-manager" says nothing/],
    ['camel case', 'packages/core/src/bigName.ts', '', /"bigName" is not kebab-case/],
    ['broken syntax', 'packages/core/src/b.ts', 'const b = ;', /Unexpected token/],
  ])('refuses %s', (_fault, path, text, message) => {
    write({ [path]: text });
    expect(found()).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ['helpers', 1],
    ['misc', 1],
    ['manager', 1],
    ['common-prefix', 0],
  ])('finds in the name %s %i faults', (name, count) => {
    write({ [`packages/core/src/${name}.ts`]: '' });
    expect(found()).toHaveLength(count);
  });

  it('refuses a circle of files once, types included', () => {
    write({
      'packages/core/src/b.ts': `import type { C } from './c.ts';`,
      'packages/core/src/c.ts': `import './d.ts';`,
      'packages/core/src/d.ts': `import './b.ts';`,
    });
    expect(found()).toEqual([
      expect.stringMatching(/src\/d.ts:1: closes a circle: \S+b.ts → \S+c.ts → \S+d.ts → \S+b.ts/),
    ]);
  });

  it('accepts a long file that carries the mark with its reason', () => {
    write({ 'packages/core/src/b.ts': `/* oxlint-disable max-lines -- a table */\n${'//\n'.repeat(500)}` });
    expect(found()).toEqual([]);
  });

  it('fails where a package has no source', () => {
    rmSync(join(root, 'packages/engine/src'), { recursive: true });
    expect(found()).toContainEqual(expect.stringMatching(/^packages\/engine:1: has no source file/));
  });

  it('fails where it sees no import at all', () => {
    for (const path of Object.keys(SOUND)) if (/\.[jt]s$/.test(path)) write({ [path]: '' });
    expect(found()).toEqual([expect.stringMatching(/imports were not found/)]);
  });
});
