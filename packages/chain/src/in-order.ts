/** Runs tasks one after another, in the order in which they came; a failed one doesn't stop the next. */
export type InOrder = <Result>(task: () => Promise<Result>) => Promise<Result>;

export function createInOrder(): InOrder {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    last = next.catch(() => {});
    return next;
  };
}
