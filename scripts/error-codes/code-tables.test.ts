import { parseSync } from 'oxc-parser';
import { expect, it } from 'vitest';
import { withCodeTables } from './code-tables.ts';
import { collectCodes } from './collect-codes.ts';

const source = (text: string, path = 'apps/hub/src/desk.ts') => ({
  path,
  text,
  program: parseSync(path, text).program,
  imports: [],
  syntaxErrors: [],
});
const page = 'Before.\n<!-- codes of hub: drawn by `npm run codes -- --write` -->\n<!-- end of codes -->\nAfter.\n';
const thrown = source(
  "const message = `Chunk ${index} of ${root} isn't here.`;\n" +
    "throw new BaseError('hub/no-chunk', message, { info: {}, hints: ['Ask again.', `Or ${them}.`] });",
);

it('says what an error says and hints, with … for values', () => {
  const drawn = withCodeTables(page, collectCodes([thrown])).page;
  expect(drawn).toContain("| `hub/no-chunk` | Chunk … of … isn't here. | Ask for chunks");
  expect(drawn).toMatch(/^Before\.\n[^]*\nAfter\.\n$/);
  expect(withCodeTables(drawn, collectCodes([thrown])).page).toBe(drawn);
  const other = source("throw new BaseError('hub/new-fault', 'It is new.', { hints: ['Ask again.', `Or ${them}.`] });");
  expect(withCodeTables(page, collectCodes([other])).page).toContain(
    '| `hub/new-fault` | It is new. | Ask again. Or …. |',
  );
});

it('finds codes that are only named, and leaves tests, versions and imports alone', () => {
  expect(collectCodes([source("const name = 'hub/late';")]).map(({ code }) => code)).toEqual(['hub/late']);
  const quiet = ["import a from 'hub/late';", "const version = 'node/1';", "let x: 'hub/late';"];
  expect(quiet.flatMap((text) => collectCodes([source(text)]))).toEqual([]);
  expect(collectCodes([source("f('hub/late')", 'apps/hub/src/desk.test.ts')])).toEqual([]);
});

it('tells of rooms without a place, of remedies without a code, and where nothing was found', () => {
  const faultsOf = (text: string) => withCodeTables(page, collectCodes([source(text)])).faults;
  expect(faultsOf("f('chain/refused')")).toContain('no place for the codes of chain');
  expect(faultsOf("f('hub/late')")).toContain('remedies.ts has chain/refused, which no source has');
  expect(faultsOf('')).toContain('no codes were found');
});
