import { readdirSync, readFileSync } from 'node:fs';

/** Processor time of each process since its start, from Linux's /proc; it counts ticks of 10 ms. */
const TICKS_PER_SECOND = 100;

interface ProcessTime {
  readonly parent: number;
  readonly seconds: number;
}

function readTime(pid: number): ProcessTime | null {
  try {
    // The name, in parentheses, may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND };
  } catch {
    // It has just ended.
    return null;
  }
}

/** Processor seconds of a process itself, and of all processes below it that live. */
export function processorSeconds(pid: number): { readonly own: number; readonly below: number } {
  const times = new Map<number, ProcessTime>();
  for (const name of readdirSync('/proc')) {
    const time = /^\d+$/.test(name) ? readTime(Number(name)) : null;
    if (time !== null) times.set(Number(name), time);
  }
  const below = (parent: number): number =>
    [...times].reduce((sum, [id, time]) => (time.parent === parent ? sum + time.seconds + below(id) : sum), 0);
  return { own: times.get(pid)?.seconds ?? 0, below: below(pid) };
}
