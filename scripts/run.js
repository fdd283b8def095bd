// Runs a task under Node 24 with everything installed: the one entry of all npm scripts. Plain JavaScript, since an
// older Node starts it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folder of a Node that can run TypeScript: the running one, or one fetched as an npm package, checked by digest. */
function nodeFolder() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return dirname(process.execPath);
  const { packages } = JSON.parse(readFileSync(join(root, 'scripts/node-version.json'), 'utf8'));
  const locked = packages[`${process.platform}-${process.arch}`];
  if (!locked) fail(`Skein needs Node 24; this is ${process.version}. Install Node 24 and run the command again.`);
  const target = join(root, '.node', locked.spec.replace('@', '-'));
  const folder = join(target, 'package', 'bin');
  if (existsSync(folder)) return folder;
  console.error(`Fetching ${locked.spec} (this is ${process.version}) …`);
  mkdirSync(join(root, '.node'), { recursive: true });
  const work = mkdtempSync(join(root, '.node', 'fetch-'));
  const packed = run('npm', ['pack', locked.spec, '--silent'], { cwd: work, encoding: 'utf8' });
  const archive = join(work, packed.stdout.trim().split('\n').at(-1));
  const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (integrity !== locked.integrity)
    fail(`The fetched ${locked.spec} has another digest than the locked one; nothing was installed.`);
  run('tar', ['xzf', archive, '-C', work], {});
  rmSync(archive);
  try {
    renameSync(work, target);
  } catch {
    // Another process was first; its copy passed the same check.
    rmSync(work, { recursive: true });
  }
  return folder;
}

function run(command, args, options) {
  const result = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
    ...options,
  });
  if (result.status !== 0) fail(`${command} ${args.join(' ')} ended with ${result.status ?? result.error?.message}.`);
  return result;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Installs what the lock file names, once for each state of it. */
function install(env) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.skein-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing packages …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  writeFileSync(stamp, lock);
}

const TASKS = {
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  skein: ['apps/cli/src/main.ts'],
  format: ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', '.'],
  'format:check': ['node_modules/@biomejs/biome/bin/biome', 'format', '.'],
  types: ['node_modules/typescript/bin/tsc', '-p', '.'],
};

const [task = '', ...rest] = process.argv.slice(2);
const command = TASKS[task];
if (!command) fail(`Unknown task "${task}"; there are ${Object.keys(TASKS).join(', ')}.`);
const folder = nodeFolder();
const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, ONNXRUNTIME_NODE_INSTALL: 'skip' };
install(env);
const result = spawnSync(
  join(folder, process.platform === 'win32' ? 'node.exe' : 'node'),
  [...command.map((part, i) => (i === 0 ? join(root, part) : part)), ...rest],
  { cwd: task === 'skein' ? process.cwd() : root, env, stdio: 'inherit' },
);
process.exit(result.status ?? 1);
