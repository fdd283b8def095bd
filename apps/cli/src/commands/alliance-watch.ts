import { setTimeout as delay } from 'node:timers/promises';
import type { RoundView } from '@skein/alliance';
import type { ClosedRound, HubClient } from '@skein/client';
import { ALLIANCE_ID, readAllianceId } from '../alliance/alliance-id.ts';
import { drawCurve } from '../alliance/draw-curve.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { formatDuration } from '../format-duration.ts';
import { isOver } from '../local/follow-alliance.ts';
import { currentRound, HUB_OPTIONS, hubOf, roundsTable } from './alliance-status.ts';

const LOOK_EVERY_MS = 1_000;

export const allianceWatch = defineCommand({
  name: 'alliance watch',
  summary: 'follow an alliance: phase, time left, whom it waits for, loss curve',
  description: [
    'Ends when the alliance has ended, or with Ctrl-C (exit code 130). On a terminal the picture is drawn anew.',
  ],
  positionals: ALLIANCE_ID,
  options: HUB_OPTIONS,
  examples: [{ line: 'skein alliance watch 1', does: 'follows alliance 1' }],
  async run(values, context) {
    const id = readAllianceId(context.words);
    try {
      const hub = await hubOf(values, context.signal);
      return { json: { alliance: id, rounds: await follow(hub, id, context) } };
    } catch (error) {
      if (!context.signal.aborted) throw error;
      // Ctrl-C is how one stops to watch, not a failure.
      return { json: { alliance: id, interrupted: true }, exitCode: EXIT_CODES.interrupted.code };
    }
  },
});

/** Shows what changes until the alliance has ended. @returns its closed rounds */
async function follow(hub: HubClient, id: string, context: CommandContext): Promise<readonly ClosedRound[]> {
  let shown = '';
  for (;;) {
    const picture = await look(hub, id);
    shown = show(picture, shown, context);
    if (picture.ended) return picture.rounds;
    await delay(LOOK_EVERY_MS, undefined, { signal: context.signal });
  }
}

interface Picture {
  readonly ended: boolean;
  readonly rounds: readonly ClosedRound[];
  readonly head: string;
  readonly now: string;
}

async function look(hub: HubClient, id: string): Promise<Picture> {
  const [alliance, { chainTime }] = await Promise.all([hub.alliance(id), hub.info()]);
  const round = await currentRound(hub, id);
  const rounds = await hub.closedRounds(id);
  const { plan, status, members, roundsClosed } = alliance;
  const of = plan === null ? '' : ` of ${plan.rounds}`;
  const present = members.filter(({ left }) => !left).length;
  return {
    ended: isOver({ alliance, round }),
    rounds,
    head: `${plan?.name ?? `Alliance ${id}`}: ${status}, ${present} members, ${roundsClosed}${of} rounds closed`,
    now: round === null || round.phase === 'closed' ? 'No round is open.' : describeRound(round, chainTime),
  };
}

function describeRound({ round, phase, deadline, waitingFor }: RoundView, chainTime: number): string {
  const left = deadline > chainTime ? `${formatDuration(deadline - chainTime)} left` : 'time is up';
  const waits = waitingFor.length > 0 ? `, waiting for ${waitingFor.join(', ')}` : '';
  return `Round ${round}: ${phase}, ${left}${waits}`;
}

/** Lines pile up in a log, so there only changes are told. */
function show({ rounds, head, now }: Picture, shown: string, { terminal, json }: CommandContext): string {
  if (json) return shown;
  if (!terminal.output.isTTY) {
    const line = `${head}; ${now.replace(/, [^,]* left/, '')}`;
    if (line !== shown) terminal.write(`${line}\n`);
    return line;
  }
  const curve = drawCurve(lossSums(rounds));
  terminal.write(`\u001b[2J\u001b[H${[head, now, '', roundsTable(rounds), curve].join('\n')}\n`);
  return head;
}

/** The loss against the start, after each round: the sum of the accepted changes. */
function lossSums(rounds: readonly ClosedRound[]): number[] {
  let sum = 0;
  return rounds.map(({ result, lossChangeMicroNats }) => {
    if (result.accepted) sum += (lossChangeMicroNats ?? 0) / 1e6;
    return sum;
  });
}
