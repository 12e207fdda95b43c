/** Who vouched for each node when it was first met, kept over restarts. */
import type { LocalDatabase } from "../../host/local-database.ts";
import type { NodeKey } from "../../protocol/key-statement.ts";

export interface Pin {
  node: string;
  /** Thumbprint of the key that signed the node's enrolment. */
  owner: string;
  /** Of the last sealing key seen, and from when it was valid, coordinator time in ms; absent before the first use. */
  key?: { kid: string; from: number };
  /** Coordinator time, ms. */
  since: number;
}

export interface PinsStore {
  find(node: string): Pin | undefined;
  /** By age. */
  all(): Pin[];
  /**
   * The node's key was checked and is about to be used.
   * @param now coordinator time, ms
   * @returns false, and keeps what was there, where meanwhile another owner or a newer key has been remembered
   */
  remember(key: NodeKey, now: number): boolean;
  /** From now on this owner's word counts for the node. @param now coordinator time, ms */
  accept(node: string, owner: string, now: number): void;
  /** Whoever vouches for it next is believed. False where nothing was known of it. */
  forget(node: string): boolean;
}

interface PinRow {
  node: string;
  owner: string;
  kid: string | null;
  key_from: number | null;
  since: number;
}

const pinOf = ({ node, owner, kid, key_from: from, since }: PinRow): Pin => ({
  ...{ node, owner, since },
  ...(kid === null || from === null ? {} : { key: { kid, from } }),
});

export function createPinsStore({ sqlite }: LocalDatabase): PinsStore {
  sqlite.exec(`
    create table if not exists node_pin (
      node text not null primary key, owner text not null, kid text, key_from integer, since integer not null
    ) strict, without rowid`);
  const select = sqlite.prepare("select * from node_pin where node = ?");
  const selectAll = sqlite.prepare("select * from node_pin order by since, node");
  const insert = sqlite.prepare(
    `insert into node_pin (node, owner, kid, key_from, since) values (?, ?, ?, ?, ?)
     on conflict (node) do update set kid = excluded.kid, key_from = excluded.key_from
     where owner = excluded.owner
       and (kid is null or kid = excluded.kid or key_from <= excluded.key_from)`,
  );
  const replace = sqlite.prepare(
    "insert or replace into node_pin (node, owner, since) values (?, ?, ?)",
  );
  const remove = sqlite.prepare("delete from node_pin where node = ?");
  return {
    find(node) {
      const row = select.get(node) as PinRow | undefined;
      return row && pinOf(row);
    },
    all: () => (selectAll.all() as unknown as PinRow[]).map(pinOf),
    remember: ({ node, owner, kid, from }, now) =>
      Number(insert.run(node, owner, kid, from, now).changes) > 0,
    accept: (node, owner, now) => void replace.run(node, owner, now),
    forget: (node) => Number(remove.run(node).changes) > 0,
  };
}
