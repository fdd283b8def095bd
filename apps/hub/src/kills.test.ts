import { join } from 'node:path';
import { BLOB_CHUNK_BYTES, blobManifestOf, blobRoot, encodeNumbers, type Message } from '@skein/alliance';
import { startDevelopmentChain } from '@skein/chain/node';
import { createMemorySource, digestOfBytes, extendsLog, type LogState } from '@skein/core';
import { expect, it, onTestFinished } from 'vitest';
import { freePort, type HubProcess, startHubProcess } from './testing/hub-process.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { clientOf, createTestAlliance, inPhase, introduce } from './testing/test-alliance.ts';
import { testPlan } from './testing/test-plan.ts';

const CHUNKS = 6;
const parameterCount = (CHUNKS * BLOB_CHUNK_BYTES) / 4 - 1;

const uploadOf = (index: number): Uint8Array =>
  encodeNumbers(new Float32Array(parameterCount).map((_, at) => index + at));

it('goes on after being killed in the middle of messages and chunks, and loses nothing it has acknowledged', async () => {
  const directory = await temporaryDirectory();
  const chain = await startDevelopmentChain({ directory: join(directory, 'chain'), port: 0 });
  onTestFinished(() => chain.stop());
  const { rpcUrl, bookFile } = chain;
  const place = { directory: join(directory, 'hub'), port: await freePort(), rpcUrl, bookFile };
  let hub: HubProcess = await startHubProcess(place);
  const client = clientOf(hub.url);
  const alliance = await createTestAlliance(chain, testPlan({ parameterCount }));
  await introduce(alliance, client);
  await inPhase(client, alliance.id, 1, 'upload');

  const states: LogState[] = [];
  let restarting = Promise.resolve();
  const killAndRestart = (): Promise<void> => {
    const before = restarting;
    restarting = (async () => {
      await before;
      await hub.kill('SIGKILL');
      hub = await startHubProcess(place);
    })();
    return restarting;
  };

  const acknowledged: Message[] = [];
  const members = alliance.members.map(async (member, index) => {
    const data = uploadOf(index);
    const root = blobRoot(blobManifestOf(data));
    const log = { size: 0, root: digestOfBytes(new Uint8Array()) };
    const body = { cohort: [], shares: null, root, sizeBytes: data.length, log };
    const kind = 'round/upload/1' as const;
    const message = await member.sign({ alliance: alliance.id, round: 1, attempt: 0, kind, body });
    await client.postMessage(message);
    acknowledged.push(message);
    let done = 0;
    await client.uploadBlob(createMemorySource(data), {
      onProgress: () => {
        done += 1;
        // While the others' chunks and messages are under way, whose replies are lost.
        if (done === 2 + index) void killAndRestart();
      },
    });
  });
  // Right into the first messages.
  const first = killAndRestart();
  await Promise.all(members);
  await first;
  await restarting;

  const view = await inPhase(client, alliance.id, 1, 'survivors');
  expect(view.survivors).toEqual(alliance.members.map(({ address }) => address).toSorted());
  const stored = (await client.messages(alliance.id, { round: 1 })).map(({ message }) => message);
  expect(stored).toHaveLength(3);
  expect(stored).toEqual(expect.arrayContaining(acknowledged));

  // The log before a kill is a beginning of the log after it.
  for (let kill = 0; kill < 2; kill++) {
    const { size, root } = await client.checkpoint();
    states.push({ size, root });
    const report = { trainLossMicroNats: 1, evaluationLossMicroNats: null, trainSeconds: 1 };
    const said = { alliance: alliance.id, round: 1, attempt: 0, kind: 'round/report/1' as const, body: report };
    const message = await (alliance.members[kill] ?? alliance.members[0]).sign(said);
    await Promise.all([client.postMessage(message), killAndRestart()]);
  }
  const latest = await client.checkpoint();
  for (const earlier of states) {
    expect(extendsLog(earlier, latest, await client.consistencyProof(earlier.size, latest.size))).toBe(true);
  }
  expect(await hub.kill('SIGTERM')).toBe(0);
}, 240_000);
