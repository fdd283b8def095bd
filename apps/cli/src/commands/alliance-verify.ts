import type { AllianceReport, Check, RoundReport } from '@skein/node';
import { ALLIANCE_ID, readAllianceId } from '../alliance/alliance-id.ts';
import { VERIFICATION_OPTIONS, verifyHere } from '../alliance/verification.ts';
import { defineCommand } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { formatFields } from '../format-table.ts';

export const allianceVerify = defineCommand({
  name: 'alliance verify',
  summary: 'replay every closed round with no trust in the hub, and print the chain of evidence',
  description: [
    'From the chain, the members’ signatures, the log and the stored uploads it computes each sum and each model anew. ' +
      'Downloads all uploads that are still kept. Ends with an error where anything is not as it should be.',
    'What it believes beforehand: chain id, contract and log key of the node (or an invitation), and the chain’s address.',
  ],
  positionals: ALLIANCE_ID,
  options: VERIFICATION_OPTIONS,
  examples: [
    {
      line: 'skein alliance verify 1 --rpc https://rpc.example',
      does: 'verifies alliance 1 against a chain node of your own',
    },
  ],
  async run(values, context) {
    const report = await verifyHere({ ...values, alliance: readAllianceId(context.words) }, context);
    return {
      json: { ...report },
      text: textOf(report),
      exitCode: report.ok ? EXIT_CODES.done.code : EXIT_CODES.error.code,
    };
  },
});

function textOf(report: AllianceReport): string {
  const { plan, planDigest, chainId, contract, log, rounds, model, ok } = report;
  const head = formatFields([
    ['alliance', `${report.alliance}, ${plan.name}`],
    ['plan', planDigest],
    ['contract', `${contract} on chain ${chainId}`],
    ['log', `${log.size} entries, ${log.root}`],
    ['model', model],
  ]);
  const unchecked = rounds.flatMap(({ checks }) => checks).filter((check) => check.ok === null).length;
  const verdict = ok
    ? unchecked === 0
      ? `All ${rounds.length} rounds are as they should be.`
      : `Nothing is wrong in ${rounds.length} rounds, as far as could be checked; the lines with ? could not.`
    : 'Something is NOT as it should be: see the lines with ✗.';
  return [head, ...rounds.map(roundText), verdict].join('\n\n');
}

function roundText({ round, status, survivors, aggregator, votes, replayed, checks }: RoundReport): string {
  const lines = [
    `Round ${round}, ${status}`,
    `  survivors: ${survivors.join(', ') || 'none'}`,
    `  aggregator: ${aggregator ?? 'none'}`,
    ...(replayed === null ? [] : [`  replayed sum ${replayed.sum}`, `  replayed model ${replayed.model}`]),
    ...votes.map(
      ({ evaluator, lossChangeMicroNats }) =>
        `  ${evaluator} measured ${(lossChangeMicroNats / 1e6).toFixed(4)} nats a token`,
    ),
    ...checks.map((check) => `  ${markOf(check)} ${check.name}: ${check.detail}`),
  ];
  return lines.join('\n');
}

function markOf({ ok }: Check): string {
  if (ok === null) return '?';
  return ok ? '✓' : '✗';
}
