import { parseArgs } from 'node:util';
import { BaseError } from '@skein/core';
import { startDevelopmentChain } from './development-chain.ts';

/**
 * The embedded chain as a process: `node chain-process.ts --directory DIR --port PORT [--host HOST] [--chain-id ID]
 * [--unbond-seconds N]`. Prints one JSON line when it is ready. Ends with 0 on SIGTERM and SIGINT, with 1 where it can't
 * run or anvil has died; started again with the same arguments it goes on.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      directory: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      'chain-id': { type: 'string' },
      'unbond-seconds': { type: 'string' },
    },
  });
  const { directory, host } = values;
  if (directory === undefined) throw new BaseError('chain/bad-arguments', 'Expected --directory DIR.');
  const chainId = wholeNumber('--chain-id', values['chain-id']);
  const unbondSeconds = wholeNumber('--unbond-seconds', values['unbond-seconds']);
  const asked = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => asked.abort());

  const chain = await startDevelopmentChain({
    directory,
    host,
    port: wholeNumber('--port', values.port) ?? 0,
    signal: asked.signal,
    ...(chainId === undefined ? {} : { chainId }),
    ...(unbondSeconds === undefined ? {} : { unbondSeconds }),
  });
  const { rpcUrl, bookFile, book } = chain;
  console.log(JSON.stringify({ ready: true, rpcUrl, chainId: book.chainId, bookFile }));

  const stopped = new Promise<'stopped'>((resolve) => {
    asked.signal.addEventListener('abort', () => resolve('stopped'));
    if (asked.signal.aborted) resolve('stopped');
  });
  const end = await Promise.race([stopped, chain.failed.then(() => 'failed' as const)]);
  await chain.stop();
  if (end === 'failed') throw new BaseError('chain/anvil-failed', 'anvil has ended; start the chain again.');
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new BaseError('chain/bad-arguments', `${name} expects a whole number, got ${text}.`);
  return Number(text);
}

try {
  await main();
} catch (error) {
  const asked = error instanceof Error && error.name === 'AbortError';
  if (!asked) {
    console.error(error instanceof BaseError ? `${error.message} (${error.code})` : error);
    process.exitCode = 1;
  }
}
