/** Runs `task` on all items, so many at once. Rejects with the first failure, after which no further task starts. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  count: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  // One iterator for all workers: each takes the next item, and the one that fails leaves none to the others.
  const queue = [...items].values();
  const work = async (): Promise<void> => {
    for (const item of queue) {
      await task(item).catch((error: unknown) => {
        for (const _ of queue);
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: count }, work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
