import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fetchNode } from './fetch-node.js';
import { projectRoot } from './project-root.js';
import { SetupError } from './setup-error.js';
import { withSetupLock } from './setup-lock.js';

/** @type {{ minimumMajor: number, packages: Record<string, import('./fetch-node.js').NodePackage> }} */
const wanted = JSON.parse(readFileSync(join(projectRoot, 'scripts', 'node-version.json'), 'utf8'));

/**
 * The Node that runs the project's TypeScript: this one when it is new enough, otherwise a fetched one in `.node/`.
 * Its folder is put first on this process's PATH, so that everything started from here finds the same Node.
 * @param {{ version: string, platform: string }} machine `platform` as in `linux-x64`.
 * @returns {Promise<string>} path of the binary.
 * @throws {SetupError} where Node is too old and no package of a newer one is known.
 */
export async function ensureNode(machine = thisMachine()) {
  if (Number.parseInt(machine.version, 10) >= wanted.minimumMajor) return process.execPath;
  const nodePackage = wanted.packages[machine.platform];
  if (nodePackage === undefined) {
    throw new SetupError(
      `Skein needs Node ${wanted.minimumMajor} or newer, this is Node ${machine.version}, and set-up knows no npm ` +
        `package of it for ${machine.platform}: install Node ${wanted.minimumMajor} and run the command again.`,
    );
  }
  const home = join(projectRoot, '.node', nodePackage.spec);
  const node = join(home, nodePackage.binary);
  if (!existsSync(node)) await withSetupLock(() => fetchNode(nodePackage, home));
  process.env.PATH = [dirname(node), process.env.PATH].join(delimiter);
  return node;
}

function thisMachine() {
  return { version: process.versions.node, platform: `${process.platform}-${process.arch}` };
}
