import { createChain, startAlliance } from '@skein/chain';
import { readBook } from '@skein/chain/node';
import { createHubClient, type HubClient } from '@skein/client';
import { invariant } from '@skein/core';
import { joinAlliance, openNode } from '@skein/node';
import { createOnChain } from '../alliance/create-on-chain.ts';
import type { PlanWithModel } from '../alliance/make-plan.ts';
import { type ProcessEvent, type SupervisedProcess, superviseProcess } from '../supervisor/supervise-process.ts';
import type { Hex } from 'viem';
import { type LocalDirectory } from './local-directory.ts';
import { chainProgram, hubProgram, nodeProgram } from './local-programs.ts';
import { openAccount } from './open-account.ts';

/** Who takes part: a node with a folder of data that nobody else reads. */
export interface LocalMember {
  readonly name: string;
  readonly data: string;
}

export interface LocalAllianceOptions extends PlanWithModel {
  readonly local: LocalDirectory;
  readonly members: readonly LocalMember[];
  /** Folder of the base model; each node reads it for itself. */
  readonly model: string;
  /** Accounts brought along, by member; random ones otherwise. With the same accounts a run gives the same model. */
  readonly privateKeys?: ReadonlyMap<string, Hex>;
  readonly onEvent: (event: ProcessEvent) => void;
  readonly signal: AbortSignal;
}

/** Chain, hub and nodes in processes of their own, and one alliance among the nodes. */
export interface LocalAlliance {
  readonly id: string;
  readonly hub: HubClient;
  readonly rpcUrl: string;
  readonly addresses: ReadonlyMap<string, string>;
  /** By name: `chain`, `hub`, `node NAME`. */
  readonly processes: ReadonlyMap<string, SupervisedProcess>;
  stop(): Promise<void>;
}

/** The account that creates the alliance and pays its pool: nobody's node. */
const ORGANISER = 'organiser';

/**
 * Starts everything on this machine and begins the alliance. Started again on the same folder it goes on where it was.
 * @throws BaseError of whatever part could not start
 */
export async function startLocalAlliance(options: LocalAllianceOptions): Promise<LocalAlliance> {
  const processes = new Map<string, SupervisedProcess>();
  const stop = () => stopInOrder([...processes.values()]);
  try {
    return { ...(await begin(options, processes)), processes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Nodes first, so that they can still tell the hub what they have; the chain last. */
async function stopInOrder(processes: readonly SupervisedProcess[]): Promise<void> {
  const isNode = ({ name }: SupervisedProcess) => name.startsWith('node ');
  await Promise.all(processes.filter(isNode).map((process) => process.stop()));
  for (const process of processes.filter((each) => !isNode(each)).toReversed()) await process.stop();
}

async function begin(options: LocalAllianceOptions, processes: Map<string, SupervisedProcess>) {
  const { local, members, onEvent, signal } = options;
  const run = async (spec: Parameters<typeof superviseProcess>[0]) => {
    const supervised = superviseProcess(spec, onEvent);
    processes.set(spec.name, supervised);
    return supervised.ready;
  };
  const { rpcUrl } = (await run(chainProgram(local))) as { rpcUrl: string };
  const { url } = (await run(hubProgram(local, rpcUrl))) as { url: string };
  const hub = createHubClient({ url, signal });
  const addresses = new Map<string, string>();
  for (const { name, data } of [...members, { name: ORGANISER, data: null }]) {
    addresses.set(
      name,
      await openAccount(local, { url, rpcUrl, name, data, privateKey: options.privateKeys?.get(name), signal }),
    );
  }
  const id = await beginAlliance(options, { rpcUrl, hub, addresses });
  await Promise.all(members.map(({ name }) => run(nodeProgram(local, name))));
  return { id, hub, rpcUrl, addresses };
}

interface Begun {
  readonly rpcUrl: string;
  readonly hub: HubClient;
  readonly addresses: ReadonlyMap<string, string>;
}

async function beginAlliance(options: LocalAllianceOptions, { rpcUrl, hub, addresses }: Begun): Promise<string> {
  const { local, members, model, signal } = options;
  const { keys } = await openNode(local.nodeDirectory(ORGANISER));
  const account = await keys.account(keys.current);
  const book = await readBook(local.book);
  invariant(book !== undefined, 'a chain that is ready has written its address book');
  const chain = createChain({ rpcUrl, book, account });
  const allowList = members.map(({ name }) => addresses.get(name) as `0x${string}`);
  const id = await createOnChain(chain, hub, { ...options, allowList });
  for (const { name } of members) {
    // The policy written above is the consent; nothing is left to ask.
    const consent = () => Promise.resolve(false);
    const directory = local.nodeDirectory(name);
    await joinAlliance({ directory, alliance: id, data: 'own', model, consent, stake: true, signal });
  }
  await startAlliance(chain, { alliance: BigInt(id), signal });
  return id;
}
