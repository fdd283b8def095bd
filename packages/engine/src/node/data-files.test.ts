import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DataExample } from '../data/data-format.ts';
import { readDataFiles } from './data-files.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const read = (...paths: string[]): Promise<DataExample[]> => Array.fromAsync(readDataFiles(paths));

it('reads files of several kinds one after the other', async () => {
  const jsonl = await file('a.jsonl', '{"text":"ä"}\n{"text":"b"}\n');
  const csv = await file('b.CSV', 'prompt,completion\nc,d\n');
  expect(await read(jsonl, csv)).toEqual([
    { source: { file: jsonl, line: 1 }, kind: 'text', text: 'ä' },
    { source: { file: jsonl, line: 2 }, kind: 'text', text: 'b' },
    { source: { file: csv, line: 2 }, kind: 'completion', prompt: 'c', completion: 'd' },
  ]);
});

it('reads characters that fall on the edge of a read buffer, and counts lines across buffers', async () => {
  const long = '患'.repeat(100_000);
  const path = await file('long.jsonl', `{"text":"a${long}"}\n\n{"text":"ab${long}"}\n{"text":`);
  const seen: DataExample[] = [];
  const reading = (async () => {
    for await (const example of readDataFiles([path])) seen.push(example);
  })();
  await expect(reading).rejects.toThrow(`${path}:4 is not valid JSON.`);
  expect(seen).toMatchObject([
    { source: { line: 1 }, text: `a${long}` },
    { source: { line: 3 }, text: `ab${long}` },
  ]);
});

it('names the line that is not UTF-8, also where the file breaks off inside a character', async () => {
  const latin1 = await file('latin1.jsonl', Buffer.from('{"text":"a"}\n{"text":"\xe4"}\n', 'latin1'));
  await expect(read(latin1)).rejects.toThrow(
    expect.objectContaining({ code: 'engine/data-not-utf8', message: `${latin1}:2 is not UTF-8 text.` }),
  );
  const cut = await file('cut.jsonl', Buffer.from('{"text":"a"}\n{"text":"ä', 'utf8').subarray(0, -1));
  await expect(read(cut)).rejects.toThrow(`${cut}:2 is not UTF-8 text.`);
});

it('says which file is missing, is no file, or has an extension that tells nothing', async () => {
  const missing = join(folder, 'none.jsonl');
  await expect(read(missing)).rejects.toThrow(
    expect.objectContaining({ code: 'engine/data-file-unreadable', message: `${missing} does not exist.` }),
  );
  const array = await file('a.json', '[]');
  await expect(read(array)).rejects.toThrow(expect.objectContaining({ code: 'engine/data-unknown-extension' }));
  const empty = await file('empty.csv', 'prompt,completion\n');
  await expect(read(empty)).rejects.toThrow(expect.objectContaining({ code: 'engine/data-empty' }));
});
