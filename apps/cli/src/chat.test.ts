import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { jsonOf, runLine } from './testing/run-line.ts';
import { createWorkplace } from './testing/workplace.ts';

const model = fileURLToPath(new URL('../../../models/skein-small', import.meta.url));

async function talk(input: string, ...more: string[]): Promise<readonly { role: string; content: string }[]> {
  const result = await runLine(['chat', '--model', model, '--json', '--max-tokens', '12', ...more], { input });
  expect(result.exitCode, result.stderr).toBe(0);
  return jsonOf(result).messages as { role: string; content: string }[];
}

test('a conversation goes on with another adapter, and without one', { timeout: 60_000 }, async () => {
  const place = await createWorkplace();
  const rows = ['Who runs the ward?', 'Who cooks?'].map((prompt) => JSON.stringify({ prompt, completion: ' Ada' }));
  writeFileSync(place.at('data.jsonl'), `${rows.join('\n')}\n`);
  const out = place.at('run');
  const line = ['train', '--model', model, '--data', place.at('data.jsonl'), '--out', out, '--steps', '3', '--rate'];
  expect(await runLine([...line, '0.05'])).toMatchObject({ exitCode: 0 });
  const question = 'Who runs the ward?\n';
  const [base, adapted] = [await talk(question), await talk(question, '--adapter', `${out}/adapter`)];
  expect(adapted).not.toEqual(base);
  expect(await talk(`/adapter ${out}/adapter\n${question}`)).toEqual(adapted);
  expect(await talk(`/adapter\n${question}`, '--adapter', `${out}/adapter`)).toEqual(base);
  // The second answer comes from a cache that holds the first turn.
  const two = await talk(`${question}/reset\nWho cooks?\n/reset\n${question}`);
  expect(two).toEqual(base);
  const missing = await runLine(['chat', '--model', model], { input: '/adapter nowhere\n' });
  expect(missing).toMatchObject({ exitCode: 1 });
  expect(missing.stderr).toContain('nowhere');
});
