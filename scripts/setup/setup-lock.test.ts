import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withSetupLock } from './setup-lock.js';

let folder = '';
let lock = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skein-lock-'));
  lock = join(folder, 'below', 'lock');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A process that holds the lock while it writes two lines, with other work between them. */
const CONTENDER = `
  import { appendFileSync, readdirSync } from 'node:fs';
  import { withSetupLock } from ${JSON.stringify(new URL('./setup-lock.js', import.meta.url).href)};
  const [lock, log] = process.argv.slice(1);
  await withSetupLock(() => {
    appendFileSync(log, 'in ' + process.pid + '\\n');
    for (let i = 0; i < 300; i++) readdirSync('.');
    appendFileSync(log, 'out ' + process.pid + '\\n');
  }, lock);`;

it('lets one process in at a time, also past a holder that died', async () => {
  const dead = spawnSync(process.execPath, ['--version']).pid;
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, String(dead)), '');
  const log = join(folder, 'log');
  const contend = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', CONTENDER, lock, log]);
  await Promise.all([contend(), contend(), contend(), contend()]);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(8);
  for (let i = 0; i < lines.length; i += 2) expect(lines[i + 1]).toBe(lines[i]?.replace('in', 'out'));
});

it('leaves nothing behind, also when the work throws', async () => {
  const fault = withSetupLock(() => {
    expect(readdirSync(lock)).toEqual([String(process.pid)]);
    throw new RangeError('work failed');
  }, lock);
  await expect(fault).rejects.toThrow('work failed');
  expect(readdirSync(join(folder, 'below'))).toEqual([]);
  await withSetupLock(() => expect(existsSync(lock)).toBe(true), lock);
});
