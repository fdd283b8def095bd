import { ensureModules } from './ensure-modules.js';
import { ensureNode } from './ensure-node.js';

/**
 * Makes the checkout ready to run: a Node that runs TypeScript, and the locked packages. Does nothing, in a few
 * milliseconds, where both are there; safe when several commands start at once.
 * @returns {Promise<string>} path of the Node to use.
 * @throws {import('./setup-error.js').SetupError} with what to do, where the machine or the network is at fault.
 */
export async function setUp() {
  const node = await ensureNode();
  await ensureModules(node);
  return node;
}
