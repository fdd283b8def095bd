import type { ErrorCode } from './collect-codes.ts';
import { type Remedy, remedies } from './remedies.ts';

const BEGIN = /^<!-- codes of (\S+): drawn by `npm run codes -- --write` -->$/;
const END = '<!-- end of codes -->';

/**
 * Puts a table of codes between each pair of markers.
 * @returns the page with its tables, and what is wrong: rooms without a place, remedies of codes that are gone
 */
export function withCodeTables(page: string, codes: readonly ErrorCode[]): { page: string; faults: string[] } {
  const rooms = new Set(codes.map(({ code }) => roomOf(code)));
  const lines: string[] = [];
  let isInside = false;
  for (const line of page.split('\n')) {
    const [, room] = BEGIN.exec(line) ?? [];
    if (line === END) isInside = false;
    if (!isInside) lines.push(line);
    if (room === undefined) continue;
    isInside = true;
    rooms.delete(room);
    lines.push('', ...tableOf(codes.filter(({ code }) => roomOf(code) === room)), '');
  }
  const known = new Set(codes.map(({ code }) => code));
  const stale = Object.keys(remedies).filter((code) => !known.has(code));
  return {
    page: lines.join('\n'),
    faults: [
      ...(codes.length === 0 ? ['no codes were found'] : []),
      ...(isInside ? [`a table is not closed by ${END}`] : []),
      ...[...rooms].map((room) => `no place for the codes of ${room}`),
      ...stale.map((code) => `remedies.ts has ${code}, which no source has`),
    ],
  };
}

function roomOf(code: string): string {
  return code.slice(0, code.indexOf('/'));
}

function tableOf(codes: readonly ErrorCode[]): string[] {
  const rows = codes.map(({ code, sentence, hints }) => {
    const by: Remedy = remedies[code] ?? {};
    return [`\`${code}\``, by.sentence ?? sentence ?? '–', by.remedy ?? (hints.join(' ') || '–')];
  });
  const cells = [['code', 'what it says', 'what to do'], ['---', '---', '---'], ...rows];
  return cells.map((row) => `| ${row.map(cell).join(' | ')} |`);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ').replace(/…+/g, '…').trim();
}
