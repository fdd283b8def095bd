import { type AggregatorEffect, computeSum } from '@skein/alliance';
import type { Digest } from '@skein/core';
import { nodeCrypto } from '@skein/privacy/node';
import { readIfThere } from '../storage/read-if-there.ts';
import { performMember, rootOf } from './perform-member.ts';
import type { RoundWork } from './round-work.ts';
import { tell } from './tell.ts';

/** What an aggregator's effect is called while it runs beside the loop; undefined where it is done within it. */
export function aggregatorJob(effect: AggregatorEffect): string | undefined {
  switch (effect.kind) {
    case 'send':
    case 'notice':
      return undefined;
    case 'aggregate':
      return `aggregate ${effect.uploadsRoot}`;
    case 'send-blob':
      return `send ${effect.root}`;
    case 'post-candidate':
      return `post ${effect.post.model}`;
    case 'accuse':
      return effect.kind;
  }
}

/** Carries out one effect of `aggregatorStep`; doing it again does no harm. */
export async function performAggregator(
  work: RoundWork,
  effect: AggregatorEffect,
  { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
): Promise<void> {
  const { context, folder } = work;
  switch (effect.kind) {
    case 'aggregate':
      return await aggregate(work, effect, signal);
    case 'send-blob': {
      await context.blobs.send(effect.root, signal);
      return await folder.record(({ sentBlobs = [] }) => ({ sentBlobs: [...new Set([...sentBlobs, effect.root])] }));
    }
    case 'post-candidate':
      return await context.chain.postCandidate({ ...effect, attempt, signal });
    case 'send':
    case 'accuse':
    case 'notice':
      return await performMember(work, effect, signal);
  }
}

async function aggregate(
  work: RoundWork,
  { job, uploadsRoot }: Extract<AggregatorEffect, { kind: 'aggregate' }>,
  signal: AbortSignal,
): Promise<void> {
  const { blobs, membership, logger } = work.context;
  const read = (root: Digest) => readIfThere(blobs, root, signal);
  const computed = await computeSum(nodeCrypto, membership.plan, job, { read, signal });
  if (!computed.ok) return await tell(work, { code: 'node/no-sum', sentence: computed.sentence });
  const { sum, model } = computed;
  const body = {
    sum: await blobs.put(sum),
    sumBytes: sum.length,
    model: await blobs.put(model),
    modelBytes: model.length,
  };
  await work.folder.record(() => ({ aggregate: { uploadsRoot, body } }));
  logger.info({ round: work.round, sum: rootOf(sum), model: body.model }, 'Added up the round.');
}
