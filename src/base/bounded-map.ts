/** A map that forgets its oldest entry rather than grow past its limit. */

export interface BoundedMap<Key, Value> {
  get(key: Key): Value | undefined;
  has(key: Key): boolean;
  /** Writing a key makes it the newest. */
  set(key: Key, value: Value): void;
  delete(key: Key): boolean;
  values(): Iterable<Value>;
  entries(): Iterable<[Key, Value]>;
  readonly size: number;
}

export function boundedMap<Key, Value>(limit: number): BoundedMap<Key, Value> {
  const entries = new Map<Key, Value>();
  return {
    get: (key) => entries.get(key),
    has: (key) => entries.has(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      for (const oldest of entries.keys()) {
        if (entries.size <= limit) break;
        entries.delete(oldest);
      }
    },
    delete: (key) => entries.delete(key),
    values: () => entries.values(),
    entries: () => entries.entries(),
    get size() {
      return entries.size;
    },
  };
}
