import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initNode } from './api/init-node.ts';
import { openNode } from './open-node.ts';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'skein-open-')), 'node');
});
afterEach(async () => await rm(join(directory, '..'), { recursive: true }));
const init = (config: object = {}) =>
  initNode({
    directory,
    config: { hub: 'https://hub.example', ...config },
    makePassword: true,
    warn: () => undefined,
    scryptN: 1024,
  });

describe('a node’s configuration', () => {
  it.each<[object, string]>([
    [{ data: { 'A b': '.' } }, "The node's data.A b is wrong: expected up to 40 of a–z"],
    [{ roles: ['rule'] }, "The node's roles.0 is wrong"],
    [{ hub: 'ftp://hub.example' }, "The node's hub is wrong"],
  ])('%o is refused in a sentence, and nothing is written', async (config, sentence) => {
    const refused = { code: 'node/bad-config', message: expect.stringContaining(sentence) };
    await expect(init(config)).rejects.toThrow(expect.objectContaining(refused));
    await expect(openNode(directory)).rejects.toThrow(expect.objectContaining({ code: 'node/no-directory' }));
  });

  it('is read anew while the node runs, and a mistake in it is told', async () => {
    await init({ data: { own: '/srv/own' } });
    const { readConfig, config } = await openNode(directory);
    const file = join(directory, 'node.json');
    const written = JSON.parse(await readFile(file, 'utf8')) as object;
    const trainers = { forest: { kind: 'http', url: 'http://127.0.0.1:7700/call' } };
    await writeFile(file, JSON.stringify({ ...written, data: { own: '/srv/new' }, trainers }));
    expect(config).toMatchObject({ data: { own: '/srv/own' }, trainers: {} });
    expect(await readConfig()).toMatchObject({ data: { own: '/srv/new' }, trainers: { forest: { kind: 'http' } } });
    await writeFile(file, '{');
    await expect(readConfig()).rejects.toThrow(expect.objectContaining({ code: 'node/bad-file' }));
    await writeFile(file, JSON.stringify({ ...written, colour: 'blue' }));
    await expect(readConfig()).rejects.toThrow(/node\.json can't be used: at its root: .*colour/);
  });
});
