import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Trainer } from '../trainer.ts';
import { type Call, createCallTrainer, encodeFloats32 } from './call-trainer.ts';
import { createCommandCall } from './command-call.ts';
import { createHttpCall } from './http-call.ts';

const example = fileURLToPath(new URL('../../../../../examples/logistic/', import.meta.url));
const limits = { timeoutMs: 60_000, answerBytes: 10_000 };
const signal = new AbortController().signal;
const children: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const trainerOf = (call: Call, parameterCount = 4) => createCallTrainer({ name: 'mine', parameterCount, call });
const commandOf = (...command: string[]) => createCommandCall({ command, folder: example, ...limits });
const task = (parameters: Float32Array, round = 0) => ({ parameters, round, seed: 1, directory: '', signal });

async function served(data: string): Promise<Trainer> {
  const child = spawn(process.execPath, ['logistic.js', data, '--serve', '0'], {
    cwd: example,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return trainerOf(createHttpCall(`http://127.0.0.1:${JSON.parse(line).port}/call`, limits));
}

async function answering(status: number, body: string): Promise<Call> {
  const server = createServer((_, response) => void response.writeHead(status).end(body));
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return createHttpCall(`http://127.0.0.1:${(server.address() as AddressInfo).port}/call`, limits);
}

describe('the logistic example', () => {
  it('federates over HTTP and as a command, and beats each member alone', async () => {
    const trainers = [
      await served('north.csv'),
      await served('lake.csv'),
      trainerOf(commandOf(process.execPath, 'logistic.js', 'hill.csv')),
    ];
    const everywhere = async (parameters: Float32Array) => {
      const losses = await Promise.all(trainers.map((trainer) => trainer.evaluate(parameters, signal)));
      return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    };
    let global = new Float32Array(4);
    expect(await everywhere(global)).toBe(Math.round(Math.LN2 * 1e6));
    for (let round = 0; round < 8; round++) {
      const updates = await Promise.all(trainers.map((trainer) => trainer.train(task(global, round))));
      global = global.map((value, i) => value + updates.reduce((sum, { update }) => sum + update[i]!, 0) / 3);
    }
    const alone: number[] = [];
    for (const trainer of trainers) {
      let own = new Float32Array(4);
      for (let round = 0; round < 8; round++) {
        const { update } = await trainer.train(task(own, round));
        own = own.map((value, i) => value + update[i]!);
      }
      alone.push(await everywhere(own));
    }
    expect(await everywhere(global)).toBeLessThan(Math.min(...alone));
  });

  it('answers both ways with the same bytes, and repeats them', async () => {
    const start = Float32Array.of(0.5, -1, 0, 2);
    const byHttp = await (await served('lake.csv')).train(task(start));
    const command = trainerOf(commandOf(process.execPath, 'logistic.js', 'lake.csv'));
    expect(await command.train(task(start))).toEqual(byHttp);
    expect(await command.train(task(start))).toEqual(byHttp);
    expect(byHttp.examples).toBe(96);
  });
});

describe('a trainer that misbehaves', () => {
  const good = encodeFloats32(new Float32Array(4));
  it.each([
    ['another count', JSON.stringify({ parameters: encodeFloats32(new Float32Array(3)) }), '12 bytes'],
    [
      'a value that is not finite',
      JSON.stringify({ parameters: encodeFloats32(Float32Array.of(0, 1, NaN, 2)) }),
      'parameter 2',
    ],
    ['no parameters', '{}', 'parameters'],
    ['no base64', JSON.stringify({ parameters: '*' }), 'parameters'],
    ['a loss that is no number', JSON.stringify({ parameters: good, loss: 'low' }), 'loss'],
  ])('is refused with %s', async (_, body, fault) => {
    const training = trainerOf(await answering(200, body)).train(task(new Float32Array(4)));
    await expect(training).rejects.toThrow(expect.objectContaining({ code: 'node/bad-trainer-answer' }));
    await expect(training).rejects.toThrow(fault);
  });

  it('is named when it fails', async () => {
    const failed = expect.objectContaining({ code: 'node/trainer-failed' });
    const evaluate = (call: Call) => trainerOf(call).evaluate(new Float32Array(4), signal);
    await expect(evaluate(await answering(500, 'secret'))).rejects.toThrow('status 500');
    await expect(evaluate(await answering(200, 'secret'))).rejects.toThrow(failed);
    await expect(evaluate(createHttpCall('http://127.0.0.1:1/call', limits))).rejects.toThrow(failed);
    await expect(evaluate(commandOf('no-such-program-of-ours'))).rejects.toThrow('no such program');
    await expect(evaluate(commandOf(process.execPath, '-e', 'process.exit(3)'))).rejects.toThrow('exit code 3');
    await expect(evaluate(commandOf(process.execPath, '-e', 'console.log("secret")'))).rejects.toThrow('not JSON');
  });

  it('is stopped at its time limit, and by the caller', async () => {
    const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
    const slow = createCommandCall({ command, folder: example, ...limits, timeoutMs: 50 });
    await expect(slow({ method: 'train' }, signal)).rejects.toThrow('longer than 0.05 s');
    const stop = new AbortController();
    const running = commandOf(...command)({ method: 'train' }, stop.signal);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  it('may tell an accuracy instead of a loss', async () => {
    const trainer = trainerOf(await answering(200, '{"accuracy": 0.75}'));
    expect(await trainer.evaluate(new Float32Array(4), signal)).toBe(250_000);
  });
});
