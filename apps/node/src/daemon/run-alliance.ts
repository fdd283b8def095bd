import type { ChainRound, Phase, RoundView } from '@skein/alliance';
import { BaseError, type Digest } from '@skein/core';
import type { ChainAlliance } from '../chain/chain-port.ts';
import type { AllianceContext } from './alliance-context.ts';
import { createChainLook } from './chain-look.ts';
import { createJobs } from './jobs.ts';
import { keepEvidence } from './evidence.ts';
import { look } from './look.ts';
import { createOutages, type Outages } from './outages.ts';
import { revealWithoutHub } from './reveal-without-hub.ts';
import { openRoundFolder, removeOldRounds } from './round-folder.ts';
import type { RoundWork } from './round-work.ts';
import { createRememberingVerifier } from './remembering-verifier.ts';
import { tellSkew } from './tell-skew.ts';
import { createWake, type Wake } from './wake.ts';

/** Messages come in flocks; one look serves them all. */
const FLOCK_MS = 50;

/** In the others, what a peer says asks for nothing before all have spoken, and then the hub tells of another phase. */
const HEEDED_IN: readonly Phase[] = ['upload', 'sum', 'commit', 'reveal'];

/** Takes part in one alliance until it is over, the owner leaves, or `signal` stops it. Waits for whatever is down. */
export async function runAlliance(context: AllianceContext, signal: AbortSignal): Promise<void> {
  const { logger, config } = context;
  const outages = createOutages(logger);
  const wake = createWake();
  const told = new Set<string>();
  let work: RoundWork | undefined;
  let phase: Phase | undefined;
  const listening = listen(context, wake, { signal, heeds: () => phase === undefined || HEEDED_IN.includes(phase) });
  const pollMs = config.pollSeconds * 1000;
  const lookAtChain = createChainLook(context, pollMs);
  const advanceLog = sometimes(() => context.log.advance(signal), pollMs);
  try {
    for (;;) {
      signal.throwIfAborted();
      let pauseMs = pollMs;
      try {
        const [view] = await Promise.all([readView(context, signal), advanceLog()]);
        phase = view?.phase;
        const { alliance, chain } = await lookAtChain(view);
        await revealWithoutHub(work, chain, signal);
        const over = overReason(context, alliance);
        if (over !== undefined) return logger.info(over);
        tellSkew(context.hub.clockSkewSeconds(), logger, told);
        work = await lookAtRound(context, { view, chain, work, wake, signal });
        outages.ended();
      } catch (error) {
        signal.throwIfAborted();
        await keepSplit(context, error);
        pauseMs = outages.failed(error);
        // The chain may answer where the hub doesn't.
        await lookAtChain(null)
          .then(({ chain }) => revealWithoutHub(work, chain, signal))
          .catch((cause: unknown) => context.logger.debug({ reason: String(cause) }, 'The chain is away as well.'));
      }
      await wake.wait(pauseMs, signal);
    }
  } finally {
    await work?.jobs.stop(new Error('the node stops'));
    await listening.catch(() => undefined);
  }
}

function overReason({ membership }: AllianceContext, alliance: ChainAlliance): string | undefined {
  if (alliance.status === 'finished' || alliance.status === 'cancelled') return `The alliance is ${alliance.status}.`;
  const self = alliance.members.find(({ address }) => address === membership.address);
  if (self === undefined) return 'This account is no member of the alliance.';
  return self.isActive ? undefined : 'This account has left the alliance.';
}

interface Standing {
  readonly view: RoundView | null;
  readonly chain: ChainRound | null;
  readonly work: RoundWork | undefined;
  readonly wake: Wake;
  readonly signal: AbortSignal;
}

/** @returns the work on the round that is open now, which was begun before or is new. */
async function lookAtRound(context: AllianceContext, { view, chain, work, wake, signal }: Standing) {
  // One of the two may be a moment behind the other.
  if (view?.round !== chain?.round || view?.attempt !== chain?.attempt) return work;
  if (view === null || chain === null) return work;
  const current =
    work?.round === view.round
      ? work
      : await beginRound(context, { round: view.round, model: view.model, before: work, wake });
  await look(current, { view, chain }, signal);
  return current;
}

async function readView({ hub, membership }: AllianceContext, signal: AbortSignal): Promise<RoundView | null> {
  try {
    return await hub.round(membership.alliance, undefined, { signal });
  } catch (error) {
    if (error instanceof BaseError && error.code === 'hub/no-round') return null;
    throw error;
  }
}

interface RoundToBegin {
  readonly round: number;
  /** That it starts from; mostly here already, from the vote on it. */
  readonly model: Digest;
  readonly before: RoundWork | undefined;
  readonly wake: Wake;
}

async function beginRound(context: AllianceContext, { round, model, before, wake }: RoundToBegin): Promise<RoundWork> {
  await before?.jobs.stop(new Error('the round is over'));
  const { folder, storageKey, logger, config, membership, blobs, domain } = context;
  await removeOldRounds(folder, round, new Date(Date.now() - config.keepRoundsSeconds * 1000));
  const current = await openRoundFolder(folder, round, storageKey);
  const { upload, aggregate, replay } = current.outcomes;
  const all = [upload?.root, aggregate?.body.sum, aggregate?.body.model, replay?.model];
  const made = all.filter((root) => root !== undefined && root !== null);
  // What a replay needs of earlier rounds lies at the hub for the plan's retention.
  await blobs.keepOnly(new Set<Digest>([model, ...made]));
  const outagesOf = (name: string): Outages => createOutages(logger.child({ job: name, round }));
  logger.info({ round }, `Round ${round} of ${membership.plan.rounds} is open.`);
  const jobs = createJobs({ outagesOf, wake: () => wake.wake() });
  const verify = createRememberingVerifier(domain);
  return {
    context,
    round,
    folder: current,
    jobs,
    wake: () => wake.wake(),
    complete: new Map(),
    verify,
    told: new Set(),
    sums: new Map(),
    adding: new Map(),
  };
}

/** Looks at once when the hub tells of something new; without its events the loop polls. */
async function listen(
  { hub, membership }: AllianceContext,
  wake: Wake,
  { signal, heeds }: { readonly signal: AbortSignal; readonly heeds: () => boolean },
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of hub.events(membership.alliance, { signal })) {
        if (event.kind === 'message' && !heeds()) continue;
        wake.wake(event.kind === 'phase' || event.kind === 'round-closed' ? 0 : FLOCK_MS);
      }
    } catch {
      // The loop tells what is wrong with the hub; here only the quicker notice is lost for a while.
      const pause = createWake();
      await pause.wait(5000, signal).catch(() => undefined);
    }
  }
}

/**
 * `task`, but not again so soon. The log is moved on to whatever entry has to be proved besides; this is only to see that
 * it goes on as one.
 */
function sometimes(task: () => Promise<void>, everyMs: number): () => Promise<void> {
  let nextMs = 0;
  return async () => {
    if (performance.now() < nextMs) return;
    await task();
    nextMs = performance.now() + everyMs;
  };
}

async function keepSplit({ directory, membership }: AllianceContext, error: unknown): Promise<void> {
  if (!(error instanceof BaseError) || error.code !== 'node/split-log') return;
  const { code, message: sentence, info } = error;
  await keepEvidence(directory, {
    code,
    sentence,
    alliance: membership.alliance,
    round: 0,
    evidence: info['evidence'],
  });
}
