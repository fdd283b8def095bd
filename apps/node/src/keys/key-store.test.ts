import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKeyStore } from './key-store.ts';
import { readPassword } from './password.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-keys-'));
});
afterEach(async () => await rm(directory, { recursive: true }));
const open = (at = directory, password = 'pass') => openKeyStore({ directory: at, password, scryptN: 1024 });

describe('a key store', () => {
  it('keeps its account, in files for its owner only', async () => {
    const { current } = await open();
    expect((await open()).current).toBe(current);
    for (const name of await readdir(directory)) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    const wrong = await open(directory, 'other');
    const refused = {
      code: 'node/wrong-password',
      message: `The password does not open the key of account ${current}.`,
    };
    await expect(wrong.account(current)).rejects.toThrow(expect.objectContaining(refused));
  });

  it('signs with the account whose address it shows', async () => {
    const store = await open();
    expect((await store.account(store.current)).address.toLowerCase()).toBe(store.current);
  });

  it('rotates, keeps the old account while it is used, and deletes it afterwards', async () => {
    const store = await open();
    const first = store.current;
    const second = await store.rotate();
    const again = await open();
    expect([again.current, again.older]).toEqual([second, [first]]);
    expect((await again.account(first)).address.toLowerCase()).toBe(first);
  });

  it('moves by backup', async () => {
    const store = await open();
    const backup = join(directory, 'backup.json');
    await store.backUp(store.current, backup);
    const other = await open(join(directory, 'other'), 'another password');
    expect(await other.restore(backup, 'pass')).toBe(store.current);
    expect(other.older).toEqual([store.current]);
    expect((await (await open(join(directory, 'other'), 'another password')).account(store.current)).address).toBe(
      (await store.account(store.current)).address,
    );
  });

  it('makes a restored account the current one, and only an account that is here', async () => {
    const store = await open();
    const first = store.current;
    const second = await store.rotate();
    await store.use(first);
    const again = await open();
    expect([again.current, again.older]).toEqual([first, [second]]);
    await again.use(first);
    expect([again.current, again.older]).toEqual([first, [second]]);
    const stranger = `0x${'ab'.repeat(20)}` as typeof first;
    await expect(again.use(stranger)).rejects.toThrow(expect.objectContaining({ code: 'node/no-key' }));
    expect((await open()).current).toBe(first);
  });

  it('says nothing of success where the backup can’t be opened', async () => {
    const store = await open();
    const file = join(directory, `${store.current}.json`);
    const damaged = JSON.parse(await readFile(file, 'utf8'));
    damaged.crypto.mac = '00'.repeat(32);
    await writeFile(file, JSON.stringify(damaged));
    const backingUp = store.backUp(store.current, join(directory, 'backup.json'));
    await expect(backingUp).rejects.toThrow(expect.objectContaining({ code: 'node/wrong-password' }));
  });
});

describe('the password', () => {
  const warnings: string[] = [];
  const source = (make: boolean, env = {}) => ({
    env,
    file: join(directory, 'password'),
    make,
    warn: (sentence: string) => warnings.push(sentence),
  });

  it('comes from the environment or a file, or is made with a warning', async () => {
    expect(await readPassword(source(false, { SKEIN_PASSWORD: 'x' }))).toBe('x');
    await expect(readPassword(source(false))).rejects.toThrow(expect.objectContaining({ code: 'node/no-password' }));
    const made = await readPassword(source(true));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain(made);
    expect(await readPassword(source(false))).toBe(made);
  });

  it('is refused from a file that others may read', async () => {
    await writeFile(join(directory, 'password'), 'secret\n');
    await chmod(join(directory, 'password'), 0o644);
    await expect(readPassword(source(false))).rejects.toThrow(expect.objectContaining({ code: 'node/open-password' }));
  });
});
