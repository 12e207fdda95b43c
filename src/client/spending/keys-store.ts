/**
 * Keys by which applications are known. Only a digest is kept: a key is 256 random bits, so that it cannot be found
 * from it. `troop keys` writes here while the sidecar runs, which reads with each request.
 */
import { createHash } from "node:crypto";
import type { Random } from "../../base/random.ts";
import type { LocalDatabase } from "../../host/local-database.ts";
import { toBase64url } from "../../protocol/bytes.ts";
import type { Caps } from "./caps.ts";

export interface ApplicationKey {
  name: string;
  caps: Caps;
  /** ms */
  since: number;
}

export interface KeysStore {
  /** @returns the key, which is kept nowhere; undefined where the name is taken */
  add(name: string, caps: Caps, now: number, random: Random): string | undefined;
  /** From the next request on. False where there is no such key. */
  setCaps(name: string, caps: Caps): boolean;
  /** False where there was none. */
  remove(name: string): boolean;
  /** By name. */
  all(): ApplicationKey[];
  find(name: string): ApplicationKey | undefined;
  /** Whose key it is. */
  nameOf(key: string): string | undefined;
}

interface KeyRow {
  name: string;
  hourly: string | null;
  daily: string | null;
  since: number;
}

const keyBytes = 32;
/** What one of ours looks like: others are not looked up. */
const keyForm = /^troop-[\w-]{43}$/;

const digestOf = (key: string) => createHash("sha256").update(key).digest("hex");

const textsOf = ({ hourly, daily }: Caps) =>
  [hourly?.toString() ?? null, daily?.toString() ?? null] as const;
const capOf = (text: string | null) => (text === null ? undefined : BigInt(text));
const keyOf = ({ name, hourly, daily, since }: KeyRow): ApplicationKey => ({
  name,
  caps: { hourly: capOf(hourly), daily: capOf(daily) },
  since,
});

export function createKeysStore({ sqlite }: LocalDatabase): KeysStore {
  sqlite.exec(`
    create table if not exists application_key (
      name text not null primary key, digest text not null unique, hourly text, daily text, since integer not null
    ) strict, without rowid`);
  const insert = sqlite.prepare(
    "insert into application_key values (?, ?, ?, ?, ?) on conflict (name) do nothing",
  );
  const update = sqlite.prepare("update application_key set hourly = ?, daily = ? where name = ?");
  const remove = sqlite.prepare("delete from application_key where name = ?");
  const columns = "select name, hourly, daily, since from application_key";
  const selectAll = sqlite.prepare(`${columns} order by name`);
  const select = sqlite.prepare(`${columns} where name = ?`);
  const selectName = sqlite.prepare("select name from application_key where digest = ?");
  return {
    add(name, caps, now, random) {
      const key = `troop-${toBase64url(random.bytes(keyBytes))}`;
      const { changes } = insert.run(name, digestOf(key), ...textsOf(caps), Math.floor(now));
      return Number(changes) > 0 ? key : undefined;
    },
    setCaps: (name, caps) => Number(update.run(...textsOf(caps), name).changes) > 0,
    remove: (name) => Number(remove.run(name).changes) > 0,
    all: () => (selectAll.all() as unknown as KeyRow[]).map(keyOf),
    find(name) {
      const row = select.get(name) as KeyRow | undefined;
      return row && keyOf(row);
    },
    nameOf(key) {
      if (!keyForm.test(key)) return undefined;
      const row = selectName.get(digestOf(key)) as { name: string } | undefined;
      return row?.name;
    },
  };
}
