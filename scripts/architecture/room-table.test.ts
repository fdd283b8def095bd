import { expect, it } from 'vitest';
import { rooms } from './rooms.ts';
import { withRoomTable } from './room-table.ts';

const BARE =
  'before\n<!-- rooms: drawn by `npm run arch -- --write` from scripts/architecture/rooms.ts -->\nstale rows\n<!-- end of rooms -->\nafter';

it('replaces what stands between the markers by one row for each room, and nothing else', () => {
  const drawn = withRoomTable(BARE);
  expect(drawn).toMatch(/^before\n[^]*\nafter$/);
  expect(drawn).not.toContain('stale rows');
  for (const room of rooms) expect(drawn).toContain(`\n| **${room.name}** | \`${room.folder}/\` |`);
});

it('draws the same again', () => {
  const drawn = withRoomTable(BARE);
  expect(withRoomTable(drawn)).toBe(drawn);
});

it('refuses a document without markers', () => {
  expect(() => withRoomTable('# Architecture')).toThrow(/lacks the markers/);
});
