import { readFileSync } from 'node:fs';
import { z } from 'zod';

const lineSchema = z.object({
  time: z.number(),
  msg: z.string().optional(),
  round: z.int().optional(),
  job: z.string().optional(),
  ms: z.number().optional(),
  evaluatedMs: z.number().optional(),
});

/** What a node's log at level `debug` tells of one round, in seconds. */
export interface LoggedRound {
  /** Milliseconds since 1970. */
  readonly openedMs: number;
  readonly training: number;
  readonly evaluation: number;
  /** Every other long work, by its first word. */
  readonly jobs: Readonly<Record<string, number>>;
}

/** The rounds in a node's log, in order. */
export function readNodeLog(file: string): LoggedRound[] {
  const rounds: LoggedRound[] = [];
  let began = 0;
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (!text.startsWith('{')) continue;
    const { time, msg = '', job, ms = 0, evaluatedMs = 0 } = lineSchema.parse(JSON.parse(text));
    if (/^Round \d+ of/.test(msg)) rounds.push({ openedMs: time, training: 0, evaluation: 0, jobs: {} });
    const last = rounds.at(-1);
    if (last === undefined) continue;
    let { training, jobs } = last;
    if (msg === 'Training begins.') began = time;
    if (msg === 'Training is done.') training += (time - began) / 1000;
    const name = job?.split(' ')[0];
    if (name !== undefined) jobs = { ...jobs, [name]: (jobs[name] ?? 0) + ms / 1000 };
    rounds[rounds.length - 1] = { ...last, training, evaluation: last.evaluation + evaluatedMs / 1000, jobs };
  }
  return rounds;
}
