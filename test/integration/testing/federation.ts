import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { candidateSeconds, digestOfPlan, encodeModelState, type Message, type Plan, parsePlan } from '@skein/alliance';
import {
  type AddressBook,
  type AllianceInfo,
  type Chain,
  createAlliance,
  createChain,
  readAlliance,
  startAlliance,
} from '@skein/chain';
import { chainProcessFile, readBook } from '@skein/chain/node';
import { createHubClient, type HubClient } from '@skein/client';
import { BaseError, createMemorySource, invariant } from '@skein/core';
import { initNode, joinAlliance, type NodeConfig } from '@skein/node';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import type { z } from 'zod';
import { type Program, startProgram } from './start-program.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
export const SHIPPED_MODEL = join(root, 'models/skein-small');
export const NODE_PROGRAM = join(root, 'apps/node/src/main.ts');
export const HUB_PROGRAM = join(root, 'apps/hub/src/main.ts');

/** Chain and hub as processes of their own, and what it takes to make alliances and nodes on them. */
export interface Federation {
  readonly directory: string;
  readonly rpcUrl: string;
  readonly book: AddressBook;
  readonly hubUrl: string;
  readonly hub: HubClient;
  readonly hubProgram: Program;
  /** Starts the hub again where it was, as a supervisor does once it has ended. */
  restartHub(): Promise<Program>;
  /** Reads the chain. */
  readonly chain: Chain;
  /** Starts a program and ends it with the federation. */
  run(file: string, parts: readonly string[], env?: NodeJS.ProcessEnv): Promise<Program>;
  /** Registers a plan with its initial parameters (as bytes: the blob of the model), as an account of its own. @returns the alliance's number */
  create(plan: Plan, initial: Float32Array | Uint8Array): Promise<string>;
  /** Makes a node's directory with a funded account. @returns it */
  makeNode(node: NodeToMake): Promise<string>;
  join(folder: string, alliance: string, trained: { model?: string; trainer?: string }): Promise<void>;
  /** Asks again at each event of the alliance until there is an answer. */
  until<T>(alliance: string, ask: () => Promise<T | undefined>): Promise<T>;
  /** Waits until the hub has at least so many uploads of the first round. */
  uploadsOf(alliance: string, count: number): Promise<Message[]>;
  /** Opens the first round, and waits until the alliance is over. */
  runToEnd(alliance: string): Promise<AllianceInfo>;
  stop(): Promise<void>;
}

export interface NodeToMake {
  readonly name: string;
  readonly data: string;
  readonly config?: Partial<z.input<typeof import('@skein/node').nodeConfigSchema>>;
}

/** @param hubDirectory where the hub keeps everything, instead of a folder of the federation's own */
export async function startFederation(hubDirectory?: string): Promise<Federation> {
  const directory = await mkdtemp(join(tmpdir(), 'skein-federation-'));
  const programs: Program[] = [];
  const run: Federation['run'] = async (file, parts, env) => {
    const program = await startProgram(file, parts, env);
    programs.push(program);
    return program;
  };
  const chain = await run(chainProcessFile, ['--directory', join(directory, 'chain'), '--port', '0']);
  const rpcUrl = String(chain.line['rpcUrl']);
  const bookFile = String(chain.line['bookFile']);
  const hubParts = ['--directory', hubDirectory ?? join(directory, 'hub'), '--rpc', rpcUrl, '--book', bookFile];
  const hubProgram = await run(HUB_PROGRAM, [...hubParts, '--port', '0']);
  const hubUrl = String(hubProgram.line['url']);
  const book = await readBook(bookFile);
  invariant(book !== undefined, 'the chain is ready before its address book is');
  const chainOf = createChain({ rpcUrl, book });
  const hub = createHubClient({ url: hubUrl });
  const creators = new Map<string, Chain>();
  const until: Federation['until'] = async (alliance, ask) => {
    for await (const _ of hub.events(alliance, { lastEventId: 0 })) {
      const answer = await ask();
      if (answer !== undefined) return answer;
    }
    throw new Error('the hub ended its events');
  };
  return {
    directory,
    rpcUrl,
    book,
    hubUrl,
    hub,
    chain: chainOf,
    run,
    hubProgram,
    restartHub: () => run(HUB_PROGRAM, [...hubParts, '--port', new URL(hubUrl).port]),
    async create(plan, initial) {
      const creator = await fund(rpcUrl, book);
      const alliance = await create({ creator, hub, book }, plan, initial);
      creators.set(alliance, creator);
      return alliance;
    },
    makeNode: (node) => makeNode({ directory, rpcUrl, hubUrl, book }, node),
    async join(folder, alliance, { model, trainer }) {
      const consent = () => Promise.reject(new Error('the policy allows it; nobody is to be asked'));
      await joinAlliance({ directory: folder, alliance, data: 'records', model, trainer, consent, stake: true });
    },
    until,
    uploadsOf: (alliance, count) =>
      until(alliance, async () => {
        const uploads = await hub.messages(alliance, { round: 1, kinds: ['round/upload/1'] });
        return uploads.length < count ? undefined : uploads.map(({ message }) => message);
      }),
    async runToEnd(alliance) {
      await startAlliance(creators.get(alliance)!, { alliance: BigInt(alliance) });
      return await until(alliance, async () => {
        const info = await readAlliance(chainOf, BigInt(alliance));
        return info?.status === 'finished' ? info : undefined;
      });
    },
    async stop() {
      for (const program of programs.toReversed()) await program.end();
      await rm(directory, { recursive: true, maxRetries: 5 });
    },
  };
}

/** A funded account on the chain. */
async function fund(rpcUrl: string, book: AddressBook, key = generatePrivateKey()): Promise<Chain> {
  const account = privateKeyToAccount(key);
  const chain = createChain({ rpcUrl, book, account });
  await chain.client.request({ method: 'skein_fund', params: [account.address] } as never);
  return chain;
}

async function create(
  { creator, hub, book }: { creator: Chain; hub: HubClient; book: AddressBook },
  plan: Plan,
  initial: Float32Array | Uint8Array,
): Promise<string> {
  const params = {
    planDigest: digestOfPlan(plan),
    initialModel: plan.initialModel,
    token: book.token,
    pool: BigInt(plan.pool),
    stake: BigInt(plan.stake),
    aggregatorStake: BigInt(plan.aggregatorStake),
    rounds: plan.rounds,
    minMembers: plan.minMembers,
    maxMembers: plan.maxMembers,
    joinMode: plan.join,
    candidateSeconds: candidateSeconds(plan),
    commitSeconds: plan.phases.commit,
    revealSeconds: plan.phases.reveal,
    toleranceMicroNats: plan.toleranceMicroNats,
    evaluatorFeeBps: plan.evaluatorFeeBps,
    unrevealedPenaltyBps: plan.unrevealedPenaltyBps,
  };
  const id = await createAlliance(creator, { params });
  await whenKnown('hub/unknown-plan', () => hub.putPlan(plan));
  await whenKnown('hub/no-alliance', () => hub.alliance(id.toString()));
  const blob = initial instanceof Uint8Array ? initial : encodeModelState({ parameters: initial, optimiser: {} });
  await hub.uploadBlob(createMemorySource(blob));
  return id.toString();
}

/** The hub follows the chain a moment behind. */
async function whenKnown(unknown: string, ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (!(error instanceof BaseError) || error.code !== unknown) throw error;
      await delay(50);
    }
  }
}

async function makeNode(
  { directory, rpcUrl, hubUrl, book }: { directory: string; rpcUrl: string; hubUrl: string; book: AddressBook },
  node: NodeToMake,
): Promise<string> {
  const folder = join(directory, node.name);
  const data = join(folder, 'data');
  await mkdir(data, { recursive: true });
  await cp(node.data, data, { recursive: true });
  const privateKey = generatePrivateKey();
  await fund(rpcUrl, book, privateKey);
  const config: Partial<NodeConfig> = { roles: ['train', 'evaluate', 'aggregate'], threads: 1 };
  await initNode({
    directory: folder,
    config: { hub: hubUrl, rpc: rpcUrl, data: { records: 'data' }, ...config, ...node.config },
    policy: { folders: { records: {} } },
    makePassword: true,
    warn: () => undefined,
    privateKey,
    scryptN: 1024,
  });
  return folder;
}

/** A plan of short phases for tests. */
export function testPlan(
  changes: Partial<Plan> & Pick<Plan, 'baseModel' | 'parameters' | 'parameterCount' | 'initialModel' | 'method'>,
): Plan {
  return parsePlan({
    version: 'plan/1',
    name: 'test',
    strategy: { kind: 'fedavg', rate: 1 },
    local: {
      steps: 4,
      batch: 8,
      maxLength: 64,
      learningRate: 0.01,
      schedule: 'constant',
      proximalMu: 0,
      evaluationFraction: 0.2,
    },
    rounds: 1,
    minMembers: 3,
    maxMembers: 3,
    aggregation: { kind: 'secure', clipNorm: 10, clipValue: 0.1, minSurvivors: 3, weights: 'equal' },
    phases: { keys: 60, shares: 60, upload: 120, survivors: 60, unmask: 60, sum: 60, commit: 120, reveal: 60 },
    toleranceMicroNats: 1_000_000,
    join: 'open',
    pool: '3000',
    stake: '1000',
    aggregatorStake: '2000',
    evaluatorFeeBps: 1000,
    unrevealedPenaltyBps: 1000,
    retentionSeconds: 3600,
    ...changes,
  });
}
