import { BaseError } from '@skein/core';
import { createHub } from './create-hub.ts';
import { createLogger } from './logger.ts';
import { readOptions } from './read-options.ts';

/**
 * Runs a hub until SIGTERM or SIGINT: `node main.ts --directory DIR --rpc URL --book FILE …`. Prints one JSON line on
 * stdout when it is ready; its log goes to stderr. Exit code 0 after a signal, 1 where it can't start or fails.
 */
async function main(): Promise<void> {
  const {
    book,
    rpc,
    'database-url': databaseUrl,
    'no-rpc': noRpc,
    ...options
  } = await readOptions(process.argv.slice(2));
  const logger = createLogger(options['log-level']);
  const hub = await createHub({ ...options, book, rpcUrl: rpc, databaseUrl, offersRpc: !noRpc, logger });
  process.stdout.write(`${JSON.stringify({ ready: true, url: hub.url })}\n`);
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve());
  });
  await Promise.race([stopped, hub.ended]);
  await hub.close();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BaseError)) throw error;
  process.stderr.write(`${error.message} [${error.code}]\n${error.hints.map((hint) => `hint: ${hint}\n`).join('')}`);
  process.exitCode = 1;
}
