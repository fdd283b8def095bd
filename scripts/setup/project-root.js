import { fileURLToPath } from 'node:url';

/** Absolute path of the repository's root folder, whatever folder the command was started in. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
