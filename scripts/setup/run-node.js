import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGHUP', 'SIGTERM']);
/** Signals that a terminal sends to every process of its foreground group, so our child has them already. */
const FROM_TERMINAL = new Set(['SIGINT', 'SIGHUP']);

/**
 * Runs a program with the given Node in this process's place: same stdio, signals passed on.
 * @param {string} node
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code; 128 + the signal's number where a signal ended it, as shells do.
 */
export function runNode(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  const atTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    // A second SIGINT would mean "stop at once" to a program that is saving its work after the first.
    if (!(atTerminal && FROM_TERMINAL.has(signal))) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of SIGNALS) process.off(name, passOn);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
