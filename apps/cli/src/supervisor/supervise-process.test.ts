import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type ProcessEvent, type SupervisedProcess, superviseProcess } from './supervise-process.ts';

const running: SupervisedProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.stop()));
});

function supervise(program: string) {
  const directory = mkdtempSync(join(tmpdir(), 'skein-supervise-'));
  const file = join(directory, 'program.ts');
  writeFileSync(file, program);
  const events: ProcessEvent[] = [];
  const waiting: { type: string; count: number; done: () => void }[] = [];
  const spec = { name: 'program', command: [file], logFile: join(directory, 'logs', 'program.log') };
  const supervised = superviseProcess(spec, (event) => {
    events.push(event);
    for (const wait of waiting) if (events.filter(({ type }) => type === wait.type).length >= wait.count) wait.done();
  });
  running.push(supervised);
  const seen = (type: string, count: number) =>
    new Promise<void>((done) => {
      if (events.filter((event) => event.type === type).length >= count) done();
      else waiting.push({ type, count, done });
    });
  return { supervised, events, seen, logFile: spec.logFile };
}

const READY = `console.error('talk'); console.log(JSON.stringify({ ready: true, pid: process.pid }));`;

it('starts a killed program again and keeps its talk', async () => {
  const { supervised, events, seen, logFile } = supervise(`${READY} setInterval(() => {}, 1000);`);
  const first = await supervised.ready;
  expect(first.pid).toBe(supervised.pid());
  process.kill(supervised.pid()!, 'SIGKILL');
  await seen('ready', 2);
  expect(supervised.restarts()).toBe(1);
  expect(supervised.pid()).not.toBe(first.pid);
  expect(events.find(({ type }) => type === 'ended')).toMatchObject({ how: 'SIGKILL', delayMs: 100 });
  await supervised.stop();
  expect(() => process.kill(supervised.pid()!, 0)).toThrow('ESRCH');
  expect(readFileSync(logFile, 'utf8')).toContain('talk\ntalk\n');
});

it('gives up on a program that never gets ready', async () => {
  const { supervised, logFile } = supervise('process.exit(3);');
  await expect(supervised.ready).rejects.toMatchObject({ code: 'cli/process-failed', info: { logFile } });
});

it('takes its programs along when it is killed itself', async () => {
  const url = new URL('./supervise-process.ts', import.meta.url).href;
  const directory = mkdtempSync(join(tmpdir(), 'skein-supervise-'));
  const inner = join(directory, 'inner.ts');
  writeFileSync(inner, `${READY} setInterval(() => {}, 1000);`);
  const outer = supervise(
    `import { superviseProcess } from ${JSON.stringify(url)};
     const spec = { name: 'inner', command: [${JSON.stringify(inner)}], logFile: ${JSON.stringify(join(directory, 'log'))} };
     const { pid } = await superviseProcess(spec, () => {}).ready;
     console.log(JSON.stringify({ ready: true, pid }));`,
  );
  const { pid } = await outer.supervised.ready;
  process.kill(outer.supervised.pid()!, 'SIGKILL');
  await expect.poll(() => isAlive(Number(pid)), { timeout: 10_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
