import { rm } from 'node:fs/promises';
import { type MemberEffect, PROTOCOL, REJECTED_MICRO_NATS, type Unsigned } from '@skein/alliance';
import { BaseError, invariant } from '@skein/core';
import type { OwnVote } from '../chain/chain-port.ts';
import { addUp, jobDigest } from './add-up.ts';
import { assertAllowed } from './assert-allowed.ts';
import { lossOf } from './model-losses.ts';
import type { RoundWork } from './round-work.ts';
import { sendMessage } from './send-message.ts';
import { tell } from './tell.ts';
import { tellHub } from './tell-hub.ts';
import { trainingSeed } from './training-seed.ts';

type Of<Kind extends MemberEffect['kind']> = Extract<MemberEffect, { kind: Kind }>;

/** What a member's effect is called while it runs beside the loop; undefined where it is done within it. */
export function memberJob(effect: MemberEffect): string | undefined {
  switch (effect.kind) {
    case 'send':
    case 'refuse':
    case 'notice':
      return undefined;
    case 'send-blob':
      return `send ${effect.root}`;
    case 'fetch':
      return `fetch ${effect.root}`;
    case 'check':
      return `check ${effect.job.sum}`;
    case 'replay':
    case 'add-up':
      // One name: a replay goes on with what was begun ahead of it.
      return `replay ${jobDigest(effect.job)}`;
    case 'evaluate':
      return `evaluate ${effect.candidate}`;
    case 'commit-vote':
    case 'reveal-vote':
      return `${effect.kind} ${effect.attempt}`;
    case 'train':
    case 'make-upload':
    case 'accuse':
      return effect.kind;
  }
}

/** Carries out one effect of `memberStep`; doing it again does no harm. */
export async function performMember(work: RoundWork, effect: MemberEffect, signal: AbortSignal): Promise<void> {
  const { context } = work;
  switch (effect.kind) {
    case 'send':
      return await sendMessage(work, effect.message, signal);
    case 'train':
      return await train(work, effect, signal);
    case 'make-upload':
      return await upload(work, effect, signal);
    case 'send-blob':
      return await context.blobs.send(effect.root, signal);
    case 'fetch':
      return await context.blobs.bring(effect.root, signal);
    case 'check':
      return await check(work, effect, signal);
    case 'replay':
      return await replay(work, effect, signal);
    case 'add-up':
      return await addUpAhead(work, effect, signal);
    case 'evaluate':
      return await evaluate(work, effect, signal);
    case 'commit-vote':
      await context.chain.commitVote(voteOf(work, effect.attempt), signal);
      await tellHub(context, signal);
      return await report(work, signal);
    case 'reveal-vote':
      await context.chain.revealVote(voteOf(work, effect.attempt), signal);
      return await tellHub(context, signal);
    case 'accuse': {
      const [first] = effect.evidence;
      const sentence = `${first.sender} signed two different ${first.kind} messages.`;
      await tell(work, { code: 'node/equivocation', sentence, evidence: effect.evidence });
      return await context.chain.accuse(effect.evidence, signal);
    }
    case 'refuse':
      return await tell(work, { ...effect, evidence: effect.evidence ?? {} });
    case 'notice':
      return await tell(work, { code: effect.code, sentence: effect.sentence });
  }
}

/** The vote with its salt, as it stands on the disk. */
function voteOf({ folder, round }: RoundWork, attempt: number): OwnVote {
  const vote = folder.member?.votes.find((written) => written.attempt === attempt);
  invariant(vote !== undefined, `a vote of attempt ${attempt} that was never written`);
  return { round, attempt, lossChangeMicroNats: vote.lossChangeMicroNats, salt: vote.salt };
}

async function train({ context, round, folder }: RoundWork, effect: Of<'train'>, signal: AbortSignal): Promise<void> {
  await assertAllowed(context, new Date());
  const model = await context.blobs.get(effect.model, signal);
  const trainer = await context.trainer();
  context.logger.info({ round }, 'Training begins.');
  const startedMs = performance.now();
  const seed = trainingSeed(context.membership.planDigest);
  const trained = await trainer.train({ model, round: round - 1, seed, directory: folder.training, signal });
  const seconds = (performance.now() - startedMs) / 1000;
  await folder.writeUpdate(trained.update);
  const { examples, lossMicroNats } = trained;
  await folder.record(() => ({ trained: { examples, lossMicroNats, seconds } }));
  // Its checkpoints are several times as large as the update that is kept.
  await rm(folder.training, { recursive: true, force: true });
  context.logger.info({ round, examples, seconds: Math.round(seconds) }, 'Training is done.');
}

async function upload({ context, folder }: RoundWork, { job }: Of<'make-upload'>, signal: AbortSignal): Promise<void> {
  await assertAllowed(context, new Date());
  const { blobs, calculator } = context;
  const input = { job, update: folder.update, blobs: blobs.folder };
  const made = await calculator.run('upload', input, signal);
  blobs.made(made);
  await folder.record(() => ({ upload: { root: made.root, sizeBytes: made.manifest.sizeBytes } }));
}

async function check({ context, folder }: RoundWork, { job }: Of<'check'>, signal: AbortSignal): Promise<void> {
  const { blobs, calculator, membership } = context;
  for (const root of [job.sum, job.model]) await blobs.get(root, signal);
  const input = { plan: membership.plan, job, update: folder.update, blobs: blobs.folder };
  const outcome = await calculator.run('check', input, signal);
  await folder.record(() => ({ check: plain(outcome) }));
}

async function replay(work: RoundWork, { posted, job }: Of<'replay'>, signal: AbortSignal): Promise<void> {
  const added = await addUp(work, job, signal, false);
  const { sum, model } = added.ok ? added.body : { sum: null, model: null };
  await work.folder.record(() => ({ replay: { posted, sum, model } }));
}

/** A failure convicts nobody here: it is tried again, and a replay says what came of it. */
async function addUpAhead(work: RoundWork, { job }: Of<'add-up'>, signal: AbortSignal): Promise<void> {
  const added = await addUp(work, job, signal, false);
  if (!added.ok) throw new BaseError('node/no-sum', added.sentence);
}

async function evaluate(work: RoundWork, { base, candidate }: Of<'evaluate'>, signal: AbortSignal): Promise<void> {
  const { context, folder } = work;
  await assertAllowed(context, new Date());
  const before = await lossOf(context, base, signal);
  const after = await lossOf(context, candidate, signal);
  const change = Number.isSafeInteger(after - before) ? after - before : REJECTED_MICRO_NATS;
  const lossMicroNats = Number.isSafeInteger(after) ? after : REJECTED_MICRO_NATS;
  await folder.record(() => ({ evaluation: { model: candidate, lossChangeMicroNats: change, lossMicroNats } }));
}

/** Tells the others how it goes; decides nothing, so a failure is left. */
async function report(work: RoundWork, signal: AbortSignal): Promise<void> {
  const { context, folder, round } = work;
  const { trained, evaluation } = folder.outcomes;
  const { membership } = context;
  const message: Unsigned<'round/report/1'> = {
    protocol: PROTOCOL,
    alliance: membership.alliance,
    round,
    attempt: 0,
    sender: membership.address,
    kind: 'round/report/1',
    body: {
      trainLossMicroNats: trained?.lossMicroNats ?? null,
      evaluationLossMicroNats: evaluation?.lossMicroNats ?? null,
      trainSeconds: trained?.seconds ?? 0,
    },
  };
  await sendMessage(work, message, signal).catch(() => undefined);
}

function plain<Value>(value: Value): never {
  return JSON.parse(JSON.stringify(value)) as never;
}
