import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, expect, it } from 'vitest';
import { errorReply } from '../http/hub-error.ts';
import { openEmbeddedDatabase, transact } from './database.ts';

const disk = mkdtempSync(join(tmpdir(), 'skein-small-disk-'));
const isMounted = mount();

/** A small file system of its own. @returns false where nobody may mount one */
function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
afterAll(async () => {
  if (isMounted) execFileSync('umount', [disk]);
  await rmdir(disk);
});

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  for (let written = 1; written > 0; ) {
    const piece = file.write(Buffer.alloc(4096));
    written = await piece.then(
      ({ bytesWritten }) => bytesWritten,
      () => 0,
    );
  }
  await file.close();
}

const why = isMounted ? '' : ', skipped, since nobody may mount a small disk here';
it.skipIf(!isMounted)(
  `a database whose disk is full says so, keeps what it had, and goes on with space${why}`,
  async () => {
    const directory = join(disk, 'database');
    const db = await openEmbeddedDatabase(directory);
    await sql`create table notes (number int, words text)`.execute(db);
    const note = (number: number) =>
      transact(db, (write) =>
        sql`insert into notes values (${number}, ${randomBytes(30_000).toString('hex')})`.execute(write),
      );
    await note(0);
    const filler = join(disk, 'filler');
    await fill(filler);
    let stored = 1;
    const full = await (async () => {
      for (;;) {
        try {
          await note(stored);
          stored++;
        } catch (error) {
          return error;
        }
      }
    })();
    expect(errorReply(full)).toMatchObject({ status: 507, body: { code: 'hub/disk-full' } });
    await rm(filler);
    await note(stored);
    await db.destroy();
    const again = await openEmbeddedDatabase(directory);
    const { rows } = await sql<{ number: number }>`select number from notes order by number`.execute(again);
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: stored + 1 }, (_, index) => index));
    await again.destroy();
  },
);
