import { hkdfSync } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Address, addressSchema } from '@skein/alliance';
import { BaseError } from '@skein/core';
import { type Hex, hexToBytes } from 'viem';
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../files/json-file.ts';
import { decryptKey, encryptKey, keystoreSchema, SCRYPT_N } from './keystore-v3.ts';

const currentSchema = z.strictObject({ current: addressSchema, older: z.array(addressSchema) });

/** The accounts of one node: one in use, and older ones, which are kept: they may still hold bonds and earnings. Keys never leave in clear. */
export interface KeyStore {
  /** The account that new alliances are joined with. */
  readonly current: Address;
  readonly older: readonly Address[];
  /** Unlocks an account; opened ones are kept in memory. @throws BaseError `node/no-key`, `node/wrong-password`. */
  account(address: Address): Promise<PrivateKeyAccount>;
  /** 32 bytes to seal this account's files with; without its key they can't be opened. */
  storageKey(address: Address): Promise<Uint8Array>;
  /** Makes a new current account and keeps the old one. */
  rotate(): Promise<Address>;
  /** Makes an account that is here the current one. @throws BaseError `node/no-key` */
  use(address: Address): Promise<void>;
  /** Writes the account's key file to `path`, reads it back and opens it before it reports success. */
  backUp(address: Address, path: string): Promise<void>;
  /** Takes the account of a key file in, as an older one. @param password of that file. */
  restore(path: string, password: string): Promise<Address>;
}

export interface KeyStoreOptions {
  readonly directory: string;
  readonly password: string;
  /** Where a store is made: an account brought along instead of a random one. */
  readonly privateKey?: Hex | undefined;
  readonly scryptN?: number | undefined;
}

/** Opens a node's key store, and makes one with a fresh account where there is none. */
export async function openKeyStore(options: KeyStoreOptions): Promise<KeyStore> {
  const files = createKeyFiles(options);
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const index = join(options.directory, 'keys.json');
  const stored = await readJsonFile(index, currentSchema);
  const save = async (next: z.infer<typeof currentSchema>): Promise<z.infer<typeof currentSchema>> => {
    await writeJsonFile(index, next);
    return next;
  };
  let now = stored ?? (await save({ current: await files.add(options.privateKey ?? generatePrivateKey()), older: [] }));

  return {
    get current() {
      return now.current;
    },
    get older() {
      return now.older;
    },
    account: async (address) => (await files.load(address)).account,
    storageKey: async (address) => (await files.load(address)).storageKey,
    async rotate() {
      const address = await files.add(generatePrivateKey());
      now = await save({ current: address, older: [...now.older, now.current] });
      return address;
    },
    async use(address) {
      await files.load(address);
      const older = [...now.older, now.current].filter((known) => known !== address);
      now = await save({ current: address, older: [...new Set(older)] });
    },
    async backUp(address, path) {
      const keystore = await readJsonFile(files.pathOf(address), keystoreSchema);
      if (keystore === null) throw noKey(files.pathOf(address));
      await writeJsonFile(path, keystore);
      const restored = privateKeyToAccount(await openKeyFile(path, options.password));
      if (addressSchema.parse(restored.address) === address) return;
      throw new BaseError('node/bad-backup', `The backup ${path} holds another key than ${address}.`, {
        info: { path },
      });
    },
    async restore(path, filePassword) {
      const address = await files.add(await openKeyFile(path, filePassword));
      const isKnown = address === now.current || now.older.includes(address);
      if (!isKnown) now = await save({ ...now, older: [...now.older, address] });
      return address;
    },
  };
}

interface KeyFiles {
  pathOf(address: Address): string;
  add(key: Hex): Promise<Address>;
  load(address: Address): Promise<Opened>;
}

/** One file for each account; opened ones are remembered. */
function createKeyFiles({ directory, password, scryptN = SCRYPT_N }: KeyStoreOptions): KeyFiles {
  const opened = new Map<Address, Opened>();
  const pathOf = (address: Address): string => join(directory, `${address}.json`);
  return {
    pathOf,
    async add(key) {
      const added = openedOf(key);
      const address = addressSchema.parse(added.account.address);
      await writeJsonFile(pathOf(address), await encryptKey(key, password, scryptN));
      opened.set(address, added);
      return address;
    },
    async load(address) {
      const loaded = opened.get(address) ?? openedOf(await openKeyFile(pathOf(address), password));
      opened.set(address, loaded);
      return loaded;
    },
  };
}

interface Opened {
  readonly account: PrivateKeyAccount;
  readonly storageKey: Uint8Array;
}

function openedOf(key: Hex): Opened {
  const storageKey = new Uint8Array(hkdfSync('sha256', hexToBytes(key), '', 'skein/node/storage/1', 32));
  return { account: privateKeyToAccount(key), storageKey };
}

async function openKeyFile(path: string, password: string): Promise<Hex> {
  const keystore = await readJsonFile(path, keystoreSchema);
  if (keystore === null) throw noKey(path);
  return await decryptKey(keystore, password);
}

function noKey(path: string): BaseError {
  return new BaseError('node/no-key', `The key file ${path} is missing.`, {
    info: { path },
    hints: ['Restore it from a backup: without it the account and its stake are lost.'],
  });
}
