import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createChain, owed, readAlliance, readBond, readMembers } from '@skein/chain';
import { readBook } from '@skein/chain/node';
import {
  followAlliance,
  type LocalAlliance,
  type Look,
  makePlan,
  openLocalDirectory,
  PLAN_SETTINGS,
  type ProcessEvent,
  startLocalAlliance,
} from '@skein/cli/local';
import type { ClosedRound } from '@skein/client';
import { createLocalTrainer, createWorkerRuntime } from '@skein/engine/node';
import { localMethod } from '@skein/node';
import type { Kill } from './kill-plan.ts';

const root = new URL('../../', import.meta.url).pathname;
const model = join(root, 'models/skein-small');
export const MEMBERS = ['hill', 'lake', 'north'] as const;

/** What is left of an alliance, for comparing two runs of it. */
export interface Ended {
  readonly modelDigest: string;
  readonly rounds: readonly ClosedRound[];
  readonly money: { readonly in: string; readonly paid: string; readonly refunded: string; readonly held: string };
  readonly bonds: readonly bigint[];
  readonly earned: readonly bigint[];
  readonly memberStates: readonly string[];
  readonly kills: number;
}

/** Runs an alliance of the three sample clinics to its end, with short rounds, while processes are killed. */
export async function runAlliance(rounds: number, kills: readonly Kill[], signal: AbortSignal): Promise<Ended> {
  const local = await openLocalDirectory(mkdtempSync(join(tmpdir(), 'skein-faults-')));
  // Every party is back before its deadline, however slow the machine; otherwise a round rightly fails.
  const phases = {
    keys: 900,
    shares: 900,
    upload: 900,
    survivors: 900,
    unmask: 900,
    sum: 900,
    commit: 900,
    reveal: 900,
  };
  const settings = { ...PLAN_SETTINGS, phases, rounds, local: { ...PLAN_SETTINGS.local, steps: 4 } };
  const runtime = createWorkerRuntime('cpu');
  const trainer = await createLocalTrainer(runtime, { model, method: localMethod(settings)!, threads: 1 });
  const made = makePlan('Faults', trainer, settings);
  await runtime.close();
  const members = MEMBERS.map((name) => ({ name, data: join(root, 'samples/clinics', name) }));
  // The same accounts in both runs: a node's rounding is drawn from its key.
  const privateKeys = new Map(
    MEMBERS.map((name, index) => [name, `0x${(index + 1).toString(16).padStart(64, '0')}`] as const),
  );
  const down = new Set<string>();
  const onEvent = ({ type, name }: ProcessEvent) => void (type === 'ready' ? down.delete(name) : down.add(name));
  const alliance = await startLocalAlliance({
    ...made,
    local,
    members,
    model,
    privateKeys,
    onEvent,
    signal,
  });
  try {
    return await endOf(alliance, local.book, { kills, down, signal });
  } finally {
    await alliance.stop();
  }
}

interface Killing {
  readonly kills: readonly Kill[];
  /** Programs that are not ready; filled by the supervisor's events. */
  readonly down: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

async function endOf(alliance: LocalAlliance, bookFile: string, { kills, down, signal }: Killing): Promise<Ended> {
  const over = new AbortController();
  let last: Look | null = null;
  const killing = killAll(alliance, { kills, down, signal: over.signal }, () => last);
  const ended = await followAlliance(alliance.hub, alliance.id, { onLook: (look) => (last = look), signal });
  over.abort();
  const done = await killing;
  const rounds = await alliance.hub.closedRounds(alliance.id);
  const chain = createChain({ rpcUrl: alliance.rpcUrl, book: (await readBook(bookFile))! });
  const onChain = await readAlliance(chain, BigInt(alliance.id));
  const accounts = MEMBERS.map((name) => alliance.addresses.get(name) as `0x${string}`);
  return {
    modelDigest: onChain!.model,
    rounds,
    money: ended.money,
    bonds: await Promise.all(accounts.map(async (each) => (await readBond(chain, each, 'trainer')).own)),
    earned: await Promise.all(accounts.map((each) => owed(chain, each))),
    memberStates: (await readMembers(chain, BigInt(alliance.id))).map(({ state }) => state),
    kills: done,
  };
}

/** @returns how many processes were really killed: the alliance may end before its killers. */
async function killAll(
  alliance: LocalAlliance,
  { kills, down, signal: over }: Killing,
  last: () => Look | null,
): Promise<number> {
  let done = 0;
  for (const { afterMs, victims } of kills) {
    // Counted from the moment at which all are up again, so that the machine's speed doesn't matter.
    while (down.size > 0 && !over.aborted) await pause(50, over);
    await pause(afterMs, over);
    if (over.aborted) break;
    for (const victim of victims) if (killOne(alliance, victim, last())) done += 1;
  }
  return done;
}

function killOne(alliance: LocalAlliance, victim: string, look: Look | null): boolean {
  const aggregator = [...alliance.addresses].find(([, address]) => address === look?.round?.aggregator)?.[0];
  const name = victim === 'aggregator' ? `node ${aggregator ?? MEMBERS[0]}` : victim;
  const pid = alliance.processes.get(name)?.pid();
  if (pid === undefined) return false;
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    // Dead already, and on its way back.
    return false;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
