import { type Room, rooms } from './rooms.ts';

const BEGIN = '<!-- rooms: drawn by `npm run arch -- --write` from scripts/architecture/rooms.ts -->';
const END = '<!-- end of rooms -->';

/**
 * Puts the table of rooms between its markers.
 * @throws {Error} where the document has no markers, so that the table can't get lost unnoticed.
 */
export function withRoomTable(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`ARCHITECTURE.md lacks the markers ${BEGIN} and ${END}.`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${roomTable()}\n\n${document.slice(end)}`;
}

function roomTable(): string {
  const rows = rooms.map((room) => [
    `**${room.name}**`,
    `\`${room.folder}/\``,
    room.holds,
    room.mayImport.join(', ') || 'nothing of ours',
    surroundings(room),
  ]);
  const head = ['room', 'folder', 'holds', 'may import', 'surroundings'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function surroundings({ node, pure }: Room): string {
  if (pure) return 'pure: no Node, no page, no clock, no randomness, no I/O';
  return node === 'anywhere' ? 'Node' : `Node only in \`${node}\`; the rest runs in a browser too`;
}
