import { join } from 'node:path';

/** Files of a node's directory. */
export function nodePaths(directory: string) {
  return {
    config: join(directory, 'node.json'),
    policy: join(directory, 'policy.json'),
    password: join(directory, 'password'),
    keys: join(directory, 'keys'),
    alliances: join(directory, 'alliances'),
  };
}
