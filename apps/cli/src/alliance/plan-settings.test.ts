import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PLAN_SETTINGS } from './plan-settings.ts';

const guide = readFileSync(new URL('../../../../docs/alliance.md', import.meta.url), 'utf8');

/** The settings of a table with their defaults; rows without a default are left out. */
function tableRows(table: string): [string, unknown][] {
  const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  return table.split('\n').flatMap((row) => {
    const [, names = '', , defaults = ''] = row.split('|');
    const values = quoted(defaults).map((text) => JSON.parse(text) as unknown);
    return values.length === 0 ? [] : quoted(names).map((name, index): [string, unknown] => [name, values[index]]);
  });
}

function leaves(value: object, path = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, part]): [string, unknown][] =>
    typeof part === 'object' && !Array.isArray(part) ? leaves(part, `${path}${name}.`) : [[path + name, part]],
  );
}

it('stand in docs/alliance.md, each with its default', () => {
  const start = guide.indexOf('| setting |');
  const table = guide.slice(start, guide.indexOf('\n\n', start));
  expect(Object.fromEntries(tableRows(table))).toEqual(Object.fromEntries(leaves(PLAN_SETTINGS)));
});
