import { parseArgs } from 'node:util';
import { BaseError } from '@skein/core';
import pino from 'pino';
import { z } from 'zod';
import { ROLES } from './config/node-config.ts';
import { runNode } from './daemon/run-node.ts';

// skein node: --directory DIR [--roles train,evaluate,aggregate]. One JSON line on standard output once it is ready;
// the log, one JSON object a line, on standard error.

const { values } = parseArgs({ options: { directory: { type: 'string' }, roles: { type: 'string' } } });
const logger = pino(
  { base: null, level: process.env['SKEIN_LOG_LEVEL'] ?? 'info' },
  pino.destination({ fd: 2, sync: true }),
);
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort(new Error(name)));

try {
  if (values.directory === undefined) throw new TypeError('--directory names the node’s directory');
  const roles = values.roles === undefined ? undefined : z.array(z.enum(ROLES)).min(1).parse(values.roles.split(','));
  const onReady = ({ address }: { address: string }): void => console.log(JSON.stringify({ ready: true, address }));
  await runNode({ directory: values.directory, roles, logger, signal: stop.signal, onReady });
  process.exitCode = 0;
} catch (error) {
  if (error instanceof BaseError) logger.fatal({ code: error.code, hints: error.hints }, error.message);
  else logger.fatal(error);
  process.exitCode = 1;
}
// Sockets that the hub keeps open don't hold the process.
process.exit();
