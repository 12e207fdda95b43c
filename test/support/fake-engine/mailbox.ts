/** What happened, in order, for tests that wait for it: `await mailbox.next()` never misses what came before. */

export interface Mailbox<Item> {
  put(item: Item): void;
  /** The oldest item that nobody took, now or when it comes. */
  next(): Promise<Item>;
  /** Everything that ever came. */
  readonly all: readonly Item[];
}

export function createMailbox<Item>(): Mailbox<Item> {
  const all: Item[] = [];
  const waiting: ((item: Item) => void)[] = [];
  let taken = 0;
  const deliver = () => {
    while (waiting.length > 0 && taken < all.length) waiting.shift()!(all[taken++]!);
  };
  return {
    put(item) {
      all.push(item);
      deliver();
    },
    next() {
      const { promise, resolve } = Promise.withResolvers<Item>();
      waiting.push(resolve);
      deliver();
      return promise;
    },
    all,
  };
}
