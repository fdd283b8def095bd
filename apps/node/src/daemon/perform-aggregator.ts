import type { AggregatorEffect } from '@skein/alliance';
import { addUp } from './add-up.ts';
import { performMember } from './perform-member.ts';
import type { RoundWork } from './round-work.ts';
import { tell } from './tell.ts';
import { tellHub } from './tell-hub.ts';

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
      await context.chain.postCandidate({ ...effect, attempt, signal });
      return await tellHub(context, signal);
    case 'send':
      await performMember(work, effect, signal);
      // What is announced can be posted.
      return work.wake();
    case 'accuse':
    case 'notice':
      return await performMember(work, effect, signal);
  }
}

async function aggregate(
  work: RoundWork,
  { job, uploadsRoot, keepsSum }: Extract<AggregatorEffect, { kind: 'aggregate' }>,
  signal: AbortSignal,
): Promise<void> {
  const added = await addUp(work, job, signal, keepsSum);
  if (!added.ok) return await tell(work, { code: 'node/no-sum', sentence: added.sentence });
  const { body } = added;
  await work.folder.record(() => ({ aggregate: { uploadsRoot, body } }));
  work.context.logger.info({ round: work.round, sum: body.sum, model: body.model }, 'Added up the round.');
}
