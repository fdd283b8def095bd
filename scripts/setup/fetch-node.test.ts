import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureNode } from './ensure-node.js';
import { fetchNode } from './fetch-node.js';
import { runNpm } from './run-npm.js';

let folder = '';
let home = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skein-fetch-'));
  home = join(folder, 'nodes', 'node-test@1.0.0');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A real npm package with a program in the place of Node, packed by the real npm. */
function packageOf(program: string): { spec: string; integrity: string; binary: string } {
  const source = join(folder, 'source');
  mkdirSync(join(source, 'bin'), { recursive: true });
  writeFileSync(join(source, 'package.json'), '{"name": "node-test", "version": "1.0.0"}');
  writeFileSync(join(source, 'LICENSE'), 'Apache-2.0');
  writeFileSync(join(source, 'bin', 'node'), program);
  chmodSync(join(source, 'bin', 'node'), 0o755);
  runNpm(['pack', '--silent'], { cwd: source, node: process.execPath });
  const spec = join(source, 'node-test-1.0.0.tgz');
  const digest = createHash('sha512').update(readFileSync(spec)).digest('base64');
  return { spec, integrity: `sha512-${digest}`, binary: 'package/bin/node' };
}

it('unpacks the locked package, once', () => {
  const locked = packageOf('#!/bin/sh\necho v99.0.0\n');
  fetchNode(locked, home);
  expect(readFileSync(join(home, locked.binary), 'utf8')).toContain('v99');
  rmSync(locked.spec);
  fetchNode(locked, home);
  expect(readdirSync(join(folder, 'nodes'))).toEqual(['node-test@1.0.0']);
});

it('refuses a package with another digest and leaves nothing of it', () => {
  const locked = { ...packageOf('#!/bin/sh\n'), integrity: 'sha512-AAAA' };
  expect(() => fetchNode(locked, home)).toThrow(/is not the one locked in scripts\/node-version.json/);
  expect(readdirSync(join(folder, 'nodes'))).toEqual([]);
});

it('refuses a binary that does not run here', () => {
  const locked = packageOf('#!/bin/sh\necho wrong C library >&2\nexit 127\n');
  expect(() => fetchNode(locked, home)).toThrow(/does not run on this machine \(wrong C library\): install Node 24/);
  expect(existsSync(home)).toBe(false);
});

it('says what npm could not do', () => {
  const absent = { spec: join(folder, 'absent.tgz'), integrity: 'sha512-AAAA', binary: 'package/bin/node' };
  expect(() => fetchNode(absent, home)).toThrow(/npm pack .*absent.tgz.* failed \(exit code \d+\)/);
});

it('uses a Node that is new enough as it is', async () => {
  expect(await ensureNode({ version: '24.0.0', platform: 'sunos-x64' })).toBe(process.execPath);
});

it('asks for Node 24 where no package of it is known', async () => {
  await expect(ensureNode({ version: '20.20.2', platform: 'sunos-x64' })).rejects.toThrow(
    'Skein needs Node 24 or newer, this is Node 20.20.2, and set-up knows no npm package of it for sunos-x64: ' +
      'install Node 24 and run the command again.',
  );
});
