import { relative } from 'node:path';
import type { Plan } from '@skein/alliance';
import type { AllianceRecord, ClosedRound } from '@skein/client';
import type { Outcome } from '../command.ts';
import { formatBytes } from '../format-bytes.ts';
import { formatDuration } from '../format-duration.ts';
import { formatFields, formatTable } from '../format-table.ts';
import { formatTokens } from '../alliance/format-tokens.ts';
import type { Comparison, Figures } from './compare-alliance.ts';
import type { Subject } from './start-subject.ts';

interface Started {
  readonly plan: Plan;
  readonly subject: Subject;
  readonly ended: AllianceRecord;
  readonly closed: readonly ClosedRound[];
  readonly compared: Comparison;
  /** Of the whole command. */
  readonly seconds: number;
}

/** What `skein start` prints at its end. */
export function reportOfStart(started: Started): Outcome & { readonly text: string } {
  const { plan, ended, closed, compared, seconds } = started;
  const { base, alone, federated, pooled, adapter } = compared;
  const bytes = closed.reduce((sum, round) => sum + round.bytes, 0);
  const phaseSeconds = secondsByPhase(closed);
  const json = {
    base,
    alone,
    federated,
    pooled,
    rounds: closed.length,
    accepted: closed.filter(({ result }) => result.accepted).length,
    bytes,
    seconds,
    phaseSeconds,
    payouts: ended.money,
    modelDigest: ended.model,
    adapter,
    alliance: ended.id,
    plannedRounds: plan.rounds,
  };
  return { json, text: textOf(started, { bytes, phaseSeconds, seconds }) };
}

/** Seconds that each phase took, over all rounds. */
function secondsByPhase(closed: readonly ClosedRound[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { phaseSeconds } of closed) {
    for (const [phase, seconds] of Object.entries(phaseSeconds)) total[phase] = (total[phase] ?? 0) + seconds;
  }
  return total;
}

interface Totals {
  readonly bytes: number;
  readonly phaseSeconds: Readonly<Record<string, number>>;
  readonly seconds: number;
}

function textOf({ subject, ended, closed, compared }: Started, { bytes, phaseSeconds, seconds }: Totals): string {
  const { base, alone, federated, pooled, adapter } = compared;
  const row = (name: string, { exactMatch, joins, loss }: Figures) => [
    name,
    percent(exactMatch),
    percent(joins),
    loss.toFixed(4),
  ];
  const table = formatTable(
    [
      ['on held-out questions', 'exact match', 'joins', 'loss, nats a token'],
      row('base model', base),
      ...alone.map((figures) => row(`${figures.member} alone`, figures)),
      row('the alliance', federated),
      row('all data in one place', pooled),
    ],
    [1, 2, 3],
  );
  const { money } = ended;
  const accepted = closed.filter(({ result }) => result.accepted).length;
  const phases = Object.entries(phaseSeconds).map(([phase, time]) => `${phase} ${time.toFixed(1)} s`);
  const fields = formatFields([
    ['rounds', `${closed.length}, ${accepted} accepted`],
    ['bytes sent', `${formatBytes(bytes)} through the hub`],
    ['time by phase', phases.join(', ')],
    ['time in all', formatDuration(seconds)],
    [
      'money',
      `${formatTokens(money.in)} in, ${formatTokens(money.paid)} paid, ${formatTokens(money.refunded)} refunded, ${formatTokens(money.held)} held`,
    ],
    ['model', ended.model],
    ['adapter', relative('.', adapter)],
  ]);
  const place = relative('.', subject.model) || '.';
  return [table, fields, `Load the adapter in transformers:\n${indent(loading(place, relative('.', adapter)))}`].join(
    '\n\n',
  );
}

function loading(model: string, adapter: string): string {
  return [
    'from transformers import AutoModelForCausalLM',
    'from peft import PeftModel',
    `model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("${model}"), "${adapter}")`,
  ].join('\n');
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(1)} %`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
