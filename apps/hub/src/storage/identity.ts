import { BaseError } from '@skein/core';
import { type Database, transact } from './database.ts';

/**
 * Makes sure that a database belongs to this chain, this contract and this log key: with others its messages and its log
 * would be something else than they claim. A new database takes them on.
 * @throws BaseError `hub/other-identity`
 */
export async function assertIdentity(db: Database, identity: Readonly<Record<string, string>>): Promise<void> {
  await transact(db, async (write) => {
    const rows = await write.selectFrom('identity').selectAll().execute();
    if (rows.length === 0) {
      const values = Object.entries(identity).map(([key, value]) => ({ key, value }));
      await write.insertInto('identity').values(values).execute();
      return;
    }
    for (const { key, value } of rows) {
      if (identity[key] === value) continue;
      throw new BaseError('hub/other-identity', `The database belongs to ${key} ${value}, not to ${identity[key]}.`, {
        info: { key },
        hints: ['Use the address book and the folder that belong to this database, or begin with a new folder.'],
      });
    }
  });
}
