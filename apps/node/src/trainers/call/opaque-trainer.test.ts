import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { Call } from './call-trainer.ts';
import { createCommandCall } from './command-call.ts';
import { createHttpCall } from './http-call.ts';
import { createOpaqueTrainer } from './opaque-trainer.ts';

const signal = new AbortController().signal;
const limits = { timeoutMs: 60_000, answerBytes: 200 };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function answering(status: number, body: string): Promise<Call> {
  const server = createServer((_, response) => void response.writeHead(status).end(body));
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return createHttpCall(`http://127.0.0.1:${(server.address() as AddressInfo).port}/call`, limits);
}

const saying = (program: string): Call =>
  createCommandCall({ command: [process.execPath, '-e', program], folder: '.', ...limits });
const aggregate = (call: Call, maxBytes = 4) =>
  createOpaqueTrainer({ name: 'mine', maxBytes, call }).aggregate([Uint8Array.of(1)], signal);
const coded = (code: string) => expect.objectContaining({ code });

it('tells a refusal, which the bytes may be the reason of, from a trainer that is not there', async () => {
  expect(await aggregate(await answering(500, ''))).toBeNull();
  expect(await aggregate(await answering(422, ''))).toBeNull();
  expect(await aggregate(saying('process.exit(1)'))).toBeNull();
  await expect(aggregate(await answering(404, ''))).rejects.toThrow(coded('node/trainer-failed'));
  await expect(aggregate(await answering(503, ''))).rejects.toThrow(coded('node/trainer-failed'));
  await expect(aggregate(saying('process.kill(process.pid, "SIGKILL")'))).rejects.toThrow(coded('node/trainer-failed'));
});

it('takes parameters of one byte to the plan’s most, and nothing else', async () => {
  expect(await aggregate(await answering(200, '{"parameters": "AQIDBA=="}'))).toEqual(Buffer.of(1, 2, 3, 4));
  const refused = coded('node/bad-trainer-answer');
  await expect(aggregate(await answering(200, '{"parameters": "AQIDBA=="}'), 3)).rejects.toThrow(refused);
  await expect(aggregate(await answering(200, '{"parameters": ""}'))).rejects.toThrow(refused);
  await expect(aggregate(await answering(200, '{"loss": 1}'))).rejects.toThrow(refused);
});

it('stops reading an answer that is longer than any could be', async () => {
  const long = JSON.stringify({ parameters: 'A'.repeat(4000) });
  await expect(aggregate(await answering(200, long))).rejects.toThrow('longer than the 200 bytes');
  const endless = 'const more = () => process.stdout.write("A".repeat(4000), more); more()';
  await expect(aggregate(saying(endless))).rejects.toThrow('longer than the 200 bytes');
});
