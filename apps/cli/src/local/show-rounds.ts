import type { Plan } from '@skein/alliance';
import type { AllianceRecord } from '@skein/client';
import type { ProcessEvent } from '../supervisor/supervise-process.ts';
import type { Terminal } from '../terminal.ts';
import { followAlliance } from './follow-alliance.ts';
import type { LocalAlliance } from './local-alliance.ts';

/** What the phases are to a reader. */
const PHASE_WORDS = {
  keys: 'exchanging keys',
  shares: 'sharing secrets',
  upload: 'training',
  survivors: 'agreeing on who counts',
  unmask: 'opening masks',
  sum: 'adding up',
  commit: 'checking and voting',
  reveal: 'opening votes',
  closed: 'closed',
} as const;

/** Shows an alliance on a terminal while it runs. */
export function showRounds(plan: Plan, terminal: Terminal) {
  let bar: ReturnType<Terminal['progress']> | null = null;
  const say = (line: string) => (bar === null ? terminal.say(line) : bar.say(line));
  return {
    onProcess(event: ProcessEvent): void {
      if (event.type === 'ended') say(`The ${event.name} ended (${event.how}); it is started again.`);
    },
    async follow({ hub, id, addresses }: LocalAlliance, signal: AbortSignal): Promise<AllianceRecord> {
      const names = new Map([...addresses].map(([name, address]) => [address, name]));
      bar = terminal.progress({ label: 'rounds', unit: 'rounds', total: plan.rounds });
      try {
        return await followAlliance(hub, id, {
          signal,
          onLook({ alliance, round }) {
            const waitingFor = (round?.waitingFor ?? []).map((address) => names.get(address) ?? address);
            const waits = waitingFor.length > 0 ? `, waiting for ${waitingFor.join(', ')}` : '';
            bar?.update(alliance.roundsClosed, round === null ? '' : `${PHASE_WORDS[round.phase]}${waits}`);
          },
        });
      } finally {
        bar.end();
        bar = null;
      }
    },
  };
}
