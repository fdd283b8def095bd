import type { AllianceRecord, HubClient, ClosedRound } from '@skein/client';
import { createHubClient } from '@skein/client';
import { BaseError } from '@skein/core';
import type { RoundView } from '@skein/alliance';
import { openHub, openNode } from '@skein/node';
import { formatTokens } from '../alliance/format-tokens.ts';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { readAllianceId } from '../alliance/alliance-id.ts';
import { defineCommand } from '../command.ts';
import { formatFields, formatTable } from '../format-table.ts';

/** Reading needs no account: any hub will do. */
export const HUB_OPTIONS = {
  ...NODE_OPTIONS,
  hub: { kind: 'text', value: 'URL', help: "A hub to ask; by default the node's" },
} as const;

/** Somebody waits before the terminal. */
const PATIENCE_MS = 5_000;

export async function hubOf(
  { directory, hub }: { readonly directory: string; readonly hub: string | undefined },
  signal: AbortSignal,
): Promise<HubClient> {
  return hub === undefined
    ? openHub((await openNode(directory)).config, signal)
    : createHubClient({ url: hub, patienceMs: PATIENCE_MS, signal });
}

export const allianceStatus = defineCommand({
  name: 'alliance status',
  summary: 'the alliances of a hub, or one of them with its rounds',
  description: ['Says what the hub says. "skein alliance verify" proves it.'],
  positionals: { name: '[ID]', help: "The alliance's number; without it all are listed", min: 0, max: 1 },
  options: HUB_OPTIONS,
  examples: [
    { line: 'skein alliance status', does: 'lists the alliances of the hub' },
    { line: 'skein alliance status 1', does: 'shows one with its rounds' },
  ],
  async run(values, { signal, words }) {
    const hub = await hubOf(values, signal);
    if (words.length === 0) {
      const alliances = await hub.alliances();
      return { json: { alliances }, text: alliances.length === 0 ? 'The hub knows no alliance.' : listOf(alliances) };
    }
    const id = readAllianceId(words);
    const [alliance, rounds, round] = await Promise.all([
      hub.alliance(id),
      hub.closedRounds(id),
      currentRound(hub, id),
    ]);
    return { json: { alliance, round, rounds }, text: `${describe(alliance, round)}\n\n${roundsTable(rounds)}` };
  },
});

/** Null between rounds. */
export async function currentRound(hub: HubClient, id: string): Promise<RoundView | null> {
  return hub.round(id).catch((error: unknown) => {
    if (error instanceof BaseError && error.code === 'hub/no-round') return null;
    throw error;
  });
}

function listOf(alliances: readonly AllianceRecord[]): string {
  return formatTable([
    ['id', 'name', 'status', 'members', 'rounds closed'],
    ...alliances.map(({ id, plan, status, members, roundsClosed }) => [
      id,
      plan?.name ?? '(no plan yet)',
      status,
      String(members.filter(({ left }) => !left).length),
      `${roundsClosed}${plan === null ? '' : ` of ${plan.rounds}`}`,
    ]),
  ]);
}

function describe({ id, plan, status, members, model, money }: AllianceRecord, round: RoundView | null): string {
  return formatFields([
    ['alliance', `${id}, ${plan?.name ?? '(no plan yet)'}`],
    ['status', status],
    [
      'members',
      members
        .filter(({ left }) => !left)
        .map(({ address }) => address)
        .join(', ') || 'none',
    ],
    ['round', roundText(round)],
    ['waiting for', round?.waitingFor.join(', ') || 'nobody'],
    ['model', model],
    [
      'money',
      `${formatTokens(money.in)} in, ${formatTokens(money.paid)} paid, ${formatTokens(money.refunded)} refunded, ${formatTokens(money.held)} held`,
    ],
  ]);
}

function roundText(round: RoundView | null): string {
  if (round === null) return 'none is open';
  return round.phase === 'closed'
    ? `none is open; ${round.round} was the last`
    : `${round.round}, ${round.phase} until ${timeOf(round.deadline)}`;
}

export function roundsTable(rounds: readonly ClosedRound[]): string {
  if (rounds.length === 0) return 'No round is closed yet.';
  return formatTable(
    [
      ['round', 'result', 'survivors', 'change of loss', 'seconds'],
      ...rounds.map(({ round, result, survivors, lossChangeMicroNats, openedAt, closedAt }) => [
        String(round),
        result.accepted ? 'accepted' : (result.reason ?? 'kept the old model'),
        String(survivors.length),
        lossChangeMicroNats === null ? '–' : (lossChangeMicroNats / 1e6).toFixed(4),
        String(closedAt - openedAt),
      ]),
    ],
    [0, 2, 3, 4],
  );
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
