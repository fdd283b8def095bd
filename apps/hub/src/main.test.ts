import { join } from 'node:path';
import { startDevelopmentChain } from '@skein/chain/node';
import { expect, it, onTestFinished } from 'vitest';
import { freePort, startHubProcess } from './testing/hub-process.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { clientOf } from './testing/test-alliance.ts';

const chainId = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' });
const headers = { 'content-type': 'application/json' };

it('--no-rpc passes nothing on to the chain, and --log-level decides what is logged', async () => {
  const directory = await temporaryDirectory();
  const chain = await startDevelopmentChain({ directory: join(directory, 'chain'), port: 0 });
  onTestFinished(() => chain.stop());
  const { rpcUrl, bookFile } = chain;
  const start = async (name: string, ...options: string[]) => {
    const place = { directory: join(directory, name), port: await freePort(), rpcUrl, bookFile };
    return await startHubProcess(place, options);
  };
  const ask = (url: string) => fetch(`${url}/rpc`, { method: 'POST', headers, body: chainId });

  const open = await start('open', '--log-level', 'debug');
  expect((await clientOf(open.url).info()).rpcPath).toBe('/rpc');
  expect(await (await ask(open.url)).json()).toMatchObject({ result: `0x${chain.book.chainId.toString(16)}` });
  await open.kill('SIGTERM');
  expect(open.log()).toContain('"path":"/rpc"');

  const closed = await start('closed', '--no-rpc', '--log-level', 'error');
  expect((await clientOf(closed.url).info()).rpcPath).toBeNull();
  const refused = await ask(closed.url);
  expect([refused.status, await refused.json()]).toMatchObject([404, { code: 'hub/no-route' }]);
  await closed.kill('SIGTERM');
  expect(closed.log()).toBe('');
});
