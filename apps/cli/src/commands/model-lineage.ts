import type { AllianceReport } from '@skein/node';
import { ALLIANCE_ID, readAllianceId } from '../alliance/alliance-id.ts';
import { VERIFICATION_OPTIONS, verifyHere } from '../alliance/verification.ts';
import { defineCommand } from '../command.ts';
import { EXIT_CODES } from '../exit-code.ts';

export const modelLineage = defineCommand({
  name: 'model lineage',
  summary: "who made an alliance's model: base model, rounds, contributors, votes, each proved",
  description: ['The same replay as "skein alliance verify", told from the model backwards to its base.'],
  positionals: ALLIANCE_ID,
  options: VERIFICATION_OPTIONS,
  examples: [{ line: 'skein model lineage 1', does: "tells where alliance 1's model comes from" }],
  async run(values, context) {
    const report = await verifyHere({ ...values, alliance: readAllianceId(context.words) }, context);
    const lineage = lineageOf(report);
    return {
      json: {
        alliance: report.alliance,
        model: report.model,
        baseModel: report.plan.baseModel,
        lineage,
        ok: report.ok,
      },
      text: textOf(report),
      exitCode: report.ok ? EXIT_CODES.done.code : EXIT_CODES.error.code,
    };
  },
});

/** Accepted rounds, newest first: the others left no trace in the model. */
function lineageOf({ rounds }: AllianceReport) {
  return rounds
    .filter(({ status }) => status === 'accepted')
    .toReversed()
    .map(({ round, candidate, baseModel, survivors, aggregator, votes, ok }) => ({
      round,
      model: candidate?.model ?? null,
      from: baseModel,
      contributors: survivors,
      aggregator,
      votes,
      verified: ok,
    }));
}

function textOf(report: AllianceReport): string {
  const lines = lineageOf(report).flatMap(({ round, model, contributors, aggregator, votes, verified }) => [
    `${model}`,
    `  round ${round}${verified ? '' : ', NOT verified'}: updates of ${contributors.join(', ')}`,
    `  added up by ${aggregator}`,
    `  accepted by ${votes.map(({ evaluator, lossChangeMicroNats }) => `${evaluator} (${(lossChangeMicroNats / 1e6).toFixed(4)})`).join(', ')}`,
  ]);
  const { initialModel, baseModel, method } = report.plan;
  return [...lines, initialModel, `  the start: ${method.kind} on the base model ${baseModel}`].join('\n');
}
