import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SetupError } from './setup-error.js';

/**
 * Runs the machine's npm, so that its owner's registry, proxy and cache settings hold. npm's own words go to stderr:
 * stdout belongs to the command that needed the set-up.
 * @param {readonly string[]} args
 * @param {{ cwd: string, node: string }} options `node` is the binary that executes npm.
 * @throws {SetupError} when npm is missing or exits with anything but 0.
 */
export function runNpm(args, { cwd, node }) {
  const cli = findNpmCli();
  const [command, ...leading] = cli === undefined ? ['npm'] : [node, cli];
  const result = spawnSync(command, [...leading, ...args], { cwd, stdio: ['ignore', 2, 2] });
  if (result.error) {
    throw new SetupError(`npm could not be started (${result.error.message}): install Node with npm.`);
  }
  if (result.status !== 0) {
    const end = result.signal ?? `exit code ${result.status}`;
    throw new SetupError(`\`npm ${args.join(' ')}\` failed (${end}); its message is above.`);
  }
}

/** npm's program file: the npm that started us, or the one beside Windows' node.exe; elsewhere PATH knows it. */
function findNpmCli() {
  const started = process.env.npm_execpath;
  if (started !== undefined && basename(started) === 'npm-cli.js' && existsSync(started)) return started;
  const beside = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return existsSync(beside) ? beside : undefined;
}
