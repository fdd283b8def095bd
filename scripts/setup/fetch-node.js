import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runNpm } from './run-npm.js';
import { SetupError } from './setup-error.js';

/**
 * @typedef {object} NodePackage
 * @property {string} spec npm's name@version.
 * @property {string} integrity `sha512-` and the base64 digest of the package's tarball.
 * @property {string} binary path of node inside the tarball.
 */

/**
 * Brings a Node binary out of an npm package into `home`. The folder appears complete or not at all, so a killed
 * download leaves nothing that a later run could take for a Node.
 * @param {NodePackage} nodePackage
 * @param {string} home folder to create; its parent holds the work in progress.
 * @throws {SetupError} when the tarball is not the locked one, or its binary doesn't run on this machine.
 */
export function fetchNode({ spec, integrity, binary }, home) {
  if (existsSync(home)) return;
  console.error(`Set-up: fetching ${spec}, since this Node (${process.versions.node}) is too old …`);
  mkdirSync(dirname(home), { recursive: true });
  const work = mkdtempSync(join(dirname(home), 'fetching-'));
  try {
    runNpm(['pack', spec, '--ignore-scripts', '--silent'], { cwd: work, node: process.execPath });
    const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new SetupError(`npm pack ${spec} wrote no tarball.`);
    assertIntegrity(join(work, tarball), { spec, integrity });
    unpack(tarball, { cwd: work, binary });
    assertRuns(join(work, binary), spec);
    rmSync(join(work, tarball));
    renameSync(work, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string} file @param {{ spec: string, integrity: string }} expected */
function assertIntegrity(file, { spec, integrity }) {
  const actual = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (actual !== integrity) {
    throw new SetupError(
      `The package ${spec} from your npm registry is not the one locked in scripts/node-version.json ` +
        `(expected ${integrity}, got ${actual}): do not run it, and check the registry.`,
    );
  }
}

/** @param {string} tarball relative, since some tars read `C:` as a host @param {{ cwd: string, binary: string }} options */
function unpack(tarball, { cwd, binary }) {
  const result = spawnSync('tar', ['-xzf', tarball, binary, 'package/LICENSE'], { cwd, stdio: ['ignore', 2, 2] });
  if (result.error) throw new SetupError(`tar could not be started (${result.error.message}): install tar.`);
  if (result.status !== 0) throw new SetupError(`tar could not unpack ${tarball}; its message is above.`);
}

/** @param {string} binary @param {string} spec */
function assertRuns(binary, spec) {
  const result = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  if (result.status !== 0) {
    const reason = result.error?.message ?? result.stderr.trim();
    throw new SetupError(`The Node of ${spec} does not run on this machine (${reason}): install Node 24 or newer.`);
  }
}
