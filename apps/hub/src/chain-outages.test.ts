import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DevelopmentChain, startDevelopmentChain } from '@skein/chain/node';
import { expect, it, onTestFinished } from 'vitest';
import { createHub, type Hub } from './create-hub.ts';
import { createLogger } from './logger.ts';
import { freePort } from './testing/hub-process.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { clientOf, createTestAlliance, inPhase, introduce, playRound, uploadMessage } from './testing/test-alliance.ts';

const logger = createLogger('silent');

async function startHub(directory: string, chain: Pick<DevelopmentChain, 'rpcUrl' | 'book'>): Promise<Hub> {
  const { rpcUrl, book } = chain;
  const hub = await createHub({ directory, host: '127.0.0.1', port: 0, rpcUrl, book, offersRpc: false, logger });
  onTestFinished(() => hub.close());
  return hub;
}

it('serves on while the chain is away, and follows one that comes back shorter than it was', async () => {
  const directory = await temporaryDirectory();
  const [home, copy] = [join(directory, 'chain'), join(directory, 'copy')];
  const port = await freePort();
  let chain = await startDevelopmentChain({ directory: home, port });
  onTestFinished(() => chain.stop());
  const alliance = await createTestAlliance(chain);
  await chain.stop();
  await cp(home, copy, { recursive: true });
  chain = await startDevelopmentChain({ directory: home, port });
  const hub = await startHub(join(directory, 'hub'), chain);
  const client = clientOf(hub.url);
  await introduce(alliance, client);
  const opened = await inPhase(client, alliance.id, 1, 'upload');
  const health = async () => (await (await fetch(`${hub.url}/health`)).json()) as object;
  await expect.poll(health).toMatchObject({ ready: true });

  await chain.stop();
  await expect.poll(health, { timeout: 20_000 }).toMatchObject({
    live: true,
    ready: false,
    database: { ok: true },
    chain: { ok: false, fault: 'chain/unreachable' },
  });
  // Members go on meanwhile.
  expect(await client.postMessage(await uploadMessage(alliance, 1, 0))).toMatchObject({ status: 'accepted' });
  expect((await client.round(alliance.id)).phase).toBe('upload');
  expect(await client.alliance(alliance.id)).toMatchObject({ status: 'active' });

  // As from a backup: without the round's opening, which the keeper then sends again.
  await rm(home, { recursive: true });
  await cp(copy, home, { recursive: true });
  chain = await startDevelopmentChain({ directory: home, port });
  await expect.poll(health, { timeout: 30_000 }).toMatchObject({ ready: true });
  await expect
    .poll(async () => (await client.round(alliance.id).catch(() => opened)).openedAt, { timeout: 30_000 })
    .toBeGreaterThan(opened.openedAt);
  // What was said stays said, and the round goes on to its end.
  expect(await client.messages(alliance.id, { round: 1 })).toHaveLength(1);
  await playRound(alliance, client, 1);
  expect(await client.closedRounds(alliance.id)).toMatchObject([{ round: 1, result: { accepted: true } }]);
}, 240_000);

it('refuses a chain of another id, and a database of other contracts', async () => {
  const directory = await temporaryDirectory();
  const chain = await startDevelopmentChain({ directory: join(directory, 'chain'), port: 0 });
  onTestFinished(() => chain.stop());
  const { rpcUrl, book } = chain;
  const wrong = startHub(join(directory, 'a'), { rpcUrl, book: { ...book, chainId: 5 } });
  await expect(wrong).rejects.toMatchObject({ code: 'chain/wrong-chain', message: expect.stringMatching(/31337.* 5/) });
  const other = await startDevelopmentChain({ directory: join(directory, 'other'), port: 0 });
  onTestFinished(() => other.stop());
  await (await startHub(join(directory, 'b'), other)).close();
  await expect(startHub(join(directory, 'b'), chain)).rejects.toMatchObject({ code: 'hub/other-identity' });
}, 120_000);
