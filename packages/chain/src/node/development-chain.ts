import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrivateKeyAccount } from 'viem';
import type { AddressBook } from '../address-book.ts';
import { type AnvilProcess, startAnvil } from './anvil-process.ts';
import { type BlockMaker, createBlockMaker } from './block-maker.ts';
import { type ChainJournal, openJournal } from './chain-journal.ts';
import { deployContracts } from './deploy-contracts.ts';
import { createFaucet, type Faucet } from './faucet.ts';
import { createRpcClient, type RpcClient } from './json-rpc.ts';
import { TRANSACTIONS_PER_DUMP } from './limits.ts';
import { type RpcProxy, startRpcProxy } from './rpc-proxy.ts';
import { listDumps, readDump } from './state-dumps.ts';
import { openTreasury } from './treasury.ts';
import { writeDurably } from './write-durably.ts';

export interface DevelopmentChainOptions {
  /** Holds everything: journal, copies of the state, treasury key, address book. One process at a time. */
  readonly directory: string;
  /** 0 for any free one. */
  readonly port: number;
  /** By default only this machine reaches the chain. */
  readonly host?: string;
  readonly chainId?: number;
  /** How long bonds stay slashable after they were asked back; counts at the first start only. */
  readonly unbondSeconds?: number;
  /** Ends the start; a running chain is stopped by `stop`. */
  readonly signal?: AbortSignal;
}

/** An embedded chain of one operator: for development, not a consensus of anybody. */
export interface DevelopmentChain {
  readonly rpcUrl: string;
  readonly book: AddressBook;
  readonly bookFile: string;
  readonly treasury: PrivateKeyAccount;
  /** Resolves when anvil has ended without being asked to: start again, nothing is lost. */
  readonly failed: Promise<void>;
  /** Writes a copy of the state and ends. */
  stop(): Promise<void>;
}

const developmentChainId = 31_337;
const developmentUnbondSeconds = 600;
const dumpIntervalMs = 30_000;

/**
 * Starts a chain whose state survives everything short of the disk: transactions are on disk before they are mined and
 * are replayed, into the same blocks, on top of the newest sound copy of the state. Strangers reach it only through a
 * list of allowed methods. Deploys the contracts at the first start.
 * @throws BaseError `chain/directory-in-use`, `chain/port-in-use`, `chain/anvil-failed`, `chain/journal-broken`,
 * `chain/other-contracts`, `chain/not-writable`
 */
export async function startDevelopmentChain(options: DevelopmentChainOptions): Promise<DevelopmentChain> {
  const { directory } = options;
  await mkdir(directory, { recursive: true });
  const journal = openJournal(join(directory, 'journal.sqlite'));
  const opened: Opened = { journal };
  try {
    return await start(options, opened);
  } catch (error) {
    await shutDown(opened);
    throw error;
  }
}

/** What has to be closed again, in the order in which it was opened. */
interface Opened {
  readonly journal: ChainJournal;
  anvil?: AnvilProcess;
  proxy?: RpcProxy;
  timer?: NodeJS.Timeout;
}

async function start(options: DevelopmentChainOptions, opened: Opened): Promise<DevelopmentChain> {
  const { directory, port, host = '127.0.0.1', chainId = developmentChainId, signal } = options;
  const treasury = await openTreasury(directory);
  const genesis = await openGenesis(directory, { chainId, treasury: treasury.address });
  const { rpc, maker } = await restore(directory, { genesis, opened, signal });

  const own: { faucet?: Faucet } = {};
  const proxy = await startRpcProxy({
    host,
    port,
    pass: (method, params) => rpc.ask(method, params),
    own: {
      eth_sendRawTransaction: async ([raw]) => {
        const answer = await maker.send(raw as `0x${string}`);
        if (maker.undumped >= TRANSACTIONS_PER_DUMP) void maker.dump().catch(reportDump);
        return answer;
      },
      skein_fund: async ([account]) =>
        (await own.faucet?.fund(account)) ?? { error: { code: -32_000, message: 'the chain is starting' } },
    },
  });
  opened.proxy = proxy;
  opened.timer = setInterval(() => void maker.dump().catch(reportDump), dumpIntervalMs);

  const bookFile = join(directory, 'address-book.json');
  const { unbondSeconds = developmentUnbondSeconds } = options;
  const deploy = { rpcUrl: proxy.url, account: treasury, bookFile, chainId: genesis.chainId, unbondSeconds };
  const book = await deployContracts(signal === undefined ? deploy : { ...deploy, signal });
  own.faucet = createFaucet({ rpc, journal: opened.journal, maker, treasury, book });
  let stopping = false;
  return {
    rpcUrl: proxy.url,
    book,
    bookFile,
    treasury,
    failed: new Promise((resolve) => void opened.anvil?.ended.then(() => !stopping && resolve())),
    async stop() {
      stopping = true;
      clearInterval(opened.timer);
      await proxy.close();
      await maker.dump().catch(reportDump);
      delete opened.proxy;
      await shutDown(opened);
    },
  };
}

async function shutDown({ journal, anvil, proxy, timer }: Opened): Promise<void> {
  clearInterval(timer);
  await proxy?.close();
  await anvil?.kill();
  journal.close();
}

/** A missed copy costs a longer replay and nothing else, so the chain goes on. */
function reportDump(error: unknown): void {
  console.error(`The chain's state could not be copied: ${String(error)}`);
}

interface Genesis {
  readonly chainId: number;
  readonly timestamp: number;
  readonly treasury: `0x${string}`;
}

/** The beginning of the chain, the same at every start. */
async function openGenesis(directory: string, wanted: Omit<Genesis, 'timestamp'>): Promise<Genesis> {
  const path = join(directory, 'genesis.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) {
    const { config, timestamp } = JSON.parse(text) as { config: { chainId: number }; timestamp: string };
    return { ...wanted, chainId: config.chainId, timestamp: Number(timestamp) };
  }
  const genesis = { ...wanted, timestamp: Math.floor(Date.now() / 1000) };
  await writeDurably(path, `${JSON.stringify(anvilGenesis(genesis), undefined, 2)}\n`);
  return genesis;
}

function anvilGenesis({ chainId, timestamp, treasury }: Genesis): object {
  return {
    config: { chainId },
    timestamp: `0x${timestamp.toString(16)}`,
    gasLimit: '0x1c9c380',
    difficulty: '0x0',
    alloc: { [treasury]: { balance: `0x${(10n ** 27n).toString(16)}` } },
  };
}

interface Restore {
  readonly genesis: Genesis;
  readonly opened: Opened;
  readonly signal: AbortSignal | undefined;
}

/** Starts anvil on the newest sound copy of the state, or at genesis, and replays the journal behind it. */
async function restore(directory: string, { genesis, opened, signal }: Restore): Promise<Restored> {
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  for (const source of [...(await listDumps(directory)), undefined]) {
    const args = ['--chain-id', String(genesis.chainId), '--accounts', '0', '--no-mining', '--prune-history'];
    const loading = join(directory, 'state.loading.json');
    if (source === undefined) {
      args.push('--init', join(directory, 'genesis.json'), '--timestamp', String(genesis.timestamp));
    } else {
      const state = source.sequence > opened.journal.lastSequence() ? undefined : await readDump(source);
      if (state === undefined) continue;
      await writeDurably(loading, state, 0o600);
      args.push('--load-state', loading);
    }
    const anvil = await startAnvil(args, signal).catch((error: unknown) => {
      // A copy that anvil can't read is one more damaged copy.
      if (source === undefined || signal?.aborted) throw error;
    });
    await rm(loading, { force: true });
    if (anvil === undefined) continue;
    opened.anvil = anvil;
    const rpc = createRpcClient(anvil.url);
    const maker = createBlockMaker({ rpc, journal: opened.journal, directory, nowSeconds });
    await maker.replay(source?.sequence ?? 0);
    return { rpc, maker };
  }
  throw new Error('unreachable: genesis either starts or throws');
}

interface Restored {
  readonly rpc: RpcClient;
  readonly maker: BlockMaker;
}
