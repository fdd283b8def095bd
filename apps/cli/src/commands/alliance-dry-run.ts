import { resolve } from 'node:path';
import { parsePlan } from '@skein/alliance';
import { BaseError } from '@skein/core';
import { dryRun } from '@skein/node';
import { ALLIANCE_ID, readAllianceId } from '../alliance/alliance-id.ts';
import { connectNode } from '../alliance/connect-node.ts';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { defineCommand } from '../command.ts';
import { formatBytes } from '../format-bytes.ts';
import { formatDuration } from '../format-duration.ts';
import { formatFields } from '../format-table.ts';
import { UsageError } from '../usage-error.ts';

export const allianceDryRun = defineCommand({
  name: 'alliance dry-run',
  summary: 'what a plan would do with your model and data, before you join',
  description: [
    'Reads the plan, then stays on this machine: counts, a few real steps, memory, size of an upload, your policy’s word.',
  ],
  positionals: ALLIANCE_ID,
  options: {
    ...NODE_OPTIONS,
    data: { kind: 'text', value: 'NAME', required: true, help: 'Which data of node.json' },
    model: { kind: 'text', value: 'DIR', required: true, help: 'Folder of the base model' },
  },
  examples: [{ line: 'skein alliance dry-run 1 --data patients --model qwen', does: 'tries the plan of alliance 1' }],
  async run(values, { signal, words }) {
    const id = readAllianceId(words);
    const { node, hub } = await connectNode(values.directory, signal);
    const { plan: brought, creator } = await hub.alliance(id, { signal });
    if (brought === null) throw new BaseError('cli/no-plan', `The hub has no plan of alliance ${id} yet.`);
    const plan = parsePlan(brought);
    const data = node.config.data[values.data];
    if (data === undefined) {
      throw new UsageError('cli/bad-value', `node.json has no data called "${values.data}".`, {
        hints: [`It has ${Object.keys(node.config.data).join(', ') || 'none'}.`],
      });
    }
    const policy = { policy: await node.readPolicy(), folder: values.data, alliance: id, creator };
    const report = await dryRun({
      plan,
      model: resolve(values.model),
      data: resolve(values.directory, data),
      policy,
      signal,
    });
    return { json: { ...report }, text: textOf(report, plan.rounds) };
  },
});

function textOf(report: Awaited<ReturnType<typeof dryRun>>, rounds: number): string {
  const { baseModel, parametersMatch, examples, tokens, firstLossNats, verdict } = report;
  const { training, evaluation, tooLong, uncounted } = examples;
  return formatFields([
    ['base model', baseModel.matches ? 'is the one of the plan' : `is NOT the one of the plan: ${baseModel.found}`],
    ['trained tensors', parametersMatch ? 'are those of the plan' : 'are NOT those of the plan'],
    [
      'examples',
      `${training} to train on, ${evaluation} to vote with; left out: ${tooLong} too long, ${uncounted} without an answer`,
    ],
    ['tokens', String(tokens)],
    ['loss now', `${firstLossNats.toFixed(4)} nats a token`],
    [
      'a round takes, about',
      `${formatDuration(report.trainingSecondsPerRound)} of training, ${formatDuration(report.evaluationSeconds)} to measure a model; ${rounds} rounds`,
    ],
    ['memory', formatBytes(report.peakBytes)],
    ['an upload', formatBytes(report.uploadBytes)],
    [
      'your policy',
      verdict === null
        ? 'was not asked'
        : verdict.verdict === 'refused'
          ? `refuses: ${verdict.reason} (${verdict.rule})`
          : verdict.verdict,
    ],
  ]);
}
