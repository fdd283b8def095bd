import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackages } from './missing-packages.js';
import { projectRoot } from './project-root.js';
import { runNpm } from './run-npm.js';
import { SetupError } from './setup-error.js';
import { withSetupLock } from './setup-lock.js';

/**
 * Installs the locked packages with `npm ci` unless the installed tree already has them all. npm writes its record of
 * the tree last, so an install that was killed half-way counts as none.
 * @param {string} node binary that executes npm: packages are chosen by its version.
 * @param {string} root folder of package-lock.json.
 * @throws {SetupError} when packages are missing even after the install.
 */
export async function ensureModules(node, root = projectRoot) {
  if (lacking(root).length > 0) await withSetupLock(() => install(node, root), join(root, '.node', 'lock'));
}

/** @param {string} node @param {string} root */
function install(node, root) {
  // Another set-up may have done it while this one waited for the lock.
  if (lacking(root).length === 0) return;
  console.error('Set-up: installing the locked packages …');
  // Its CUDA download is of no use to the CPU and WebGPU runtimes, which are inside the package.
  process.env.ONNXRUNTIME_NODE_INSTALL ??= 'skip';
  // Not `npm ci`: it refuses a lock file that was made where a registry lacked the optional binaries of another
  // platform. This keeps every locked version and digest, and writes nothing back.
  runNpm(['install', '--no-save', '--include=dev', '--include=optional', '--no-audit', '--no-fund'], {
    cwd: root,
    node,
  });
  const left = lacking(root);
  if (left.length > 0)
    throw new SetupError(`npm ci left out ${left.join(', ')}: update npm and run the command again.`);
}

/** @param {string} root */
function lacking(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  const installed = existsSync(record) ? readPackages(record) : {};
  return missingPackages(readPackages(join(root, 'package-lock.json')), installed, thisPlatform());
}

/** @param {string} file @returns {import('./missing-packages.js').PackageTree} */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function thisPlatform() {
  return { os: process.platform, cpu: process.arch, libc: usesGlibc() ? 'glibc' : 'musl' };
}

function usesGlibc() {
  if (process.platform !== 'linux') return false;
  // Otherwise the report looks up the names of all open connections, which can take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return header.glibcVersionRuntime !== undefined;
}
