import { sql } from 'kysely';
import { type Database, transact } from '../storage/database.ts';

/** Counts the bytes that go through the hub, for each round. */
export interface Traffic {
  /** Of a message or what is asked of a round. */
  countRound(alliance: string, round: number, sizeBytes: number): void;
  /** Of a blob: counts for the rounds in which it was announced. */
  countBlob(root: string, sizeBytes: number): void;
  /** Adds what was counted to the rounds; a kill in between loses a second's counts and nothing else. */
  flush(): Promise<void>;
}

export function createTraffic(db: Database): Traffic {
  let rounds = new Map<string, number>();
  let blobs = new Map<string, number>();
  const add = (counts: Map<string, number>, key: string, sizeBytes: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + sizeBytes);
  };
  return {
    countRound: (alliance, round, sizeBytes) => add(rounds, `${alliance}/${round}`, sizeBytes),
    countBlob: (root, sizeBytes) => add(blobs, root, sizeBytes),
    async flush() {
      if (rounds.size === 0 && blobs.size === 0) return;
      const counted = { rounds, blobs };
      rounds = new Map();
      blobs = new Map();
      await transact(db, async (write) => {
        for (const [root, bytes] of counted.blobs) {
          const announced = write.selectFrom('announcements').select(['alliance', 'round']).distinct();
          for (const { alliance, round } of await announced.where('root', '=', root).execute()) {
            add(counted.rounds, `${alliance}/${round}`, bytes);
          }
        }
        for (const [place, bytes] of counted.rounds) {
          const [alliance = '', round = ''] = place.split('/');
          await sql`update rounds set bytes = bytes + ${bytes} where alliance = ${alliance} and round = ${Number(round)}`.execute(
            write,
          );
        }
      });
    },
  };
}
