/**
 * Responses that were kept, on disk: what each was asked and answered, and which one it went on from. A conversation
 * is kept once, however many responses go on from it: each row holds what its response added. One that others go on
 * from leaves its items behind when it is deleted or goes out, and they go with the last that needs them. The rows that are
 * left so are not found any more, but count.
 */
import type { LocalDatabase } from "../../host/local-database.ts";
import type { Item, OutputItem, ResponseResource } from "../dialects/responses/items.ts";
import { responseLimits } from "./limits.ts";

export interface KeptResponse {
  id: string;
  /** The one it went on from. */
  previous: string | undefined;
  /** What was said before that, for where `previous` is no longer here when this one is kept. */
  before: readonly Item[];
  input: readonly Item[];
  output: readonly OutputItem[];
  resource: ResponseResource;
  /** Whether it will be kept again when it ends. */
  isRunning: boolean;
}

export interface Kept {
  /** Responses that can be retrieved. */
  count: number;
  /** All that is kept, with items that only later ones need. */
  bytes: number;
  /** When the oldest was asked for, Unix seconds; null where there is none. */
  since: number | null;
}

export interface ResponseStore {
  /** The oldest go out where there are too many. Keeping it again changes it and leaves its place. */
  keep(response: KeptResponse): void;
  /** Only where it is still kept: it may have been deleted while it ran. Returns whether it was. */
  change(response: KeptResponse): boolean;
  /** Undefined where it is not kept. */
  resource(id: string): ResponseResource | undefined;
  /** All that it was made from, in order. */
  inputItems(id: string): Item[] | undefined;
  /** And what it answered: what the next one goes on from. */
  conversation(id: string): Item[] | undefined;
  /** An item of any response that can be retrieved. */
  item(id: string): Item | undefined;
  /** Whether it was there. */
  delete(id: string): boolean;
  /** All of them; also from the file. Returns how many could be retrieved. */
  clear(): number;
  kept(): Kept;
  /** Ends those that a killed process left running. */
  endRunning(end: (resource: ResponseResource) => ResponseResource): void;
}

export interface StoreLimits {
  most: number;
  bytes: number;
}

const usualLimits: StoreLimits = {
  most: responseLimits.keptMost,
  bytes: responseLimits.keptBytes,
};

interface ItemsRow {
  input: string;
  output: string;
}

const itemsIn = ({ input, output }: ItemsRow): Item[] => [
  ...(JSON.parse(input) as Item[]),
  ...(JSON.parse(output) as Item[]),
];

export function createResponseStore(
  { sqlite, transaction }: LocalDatabase,
  limits: StoreLimits = usualLimits,
): ResponseStore {
  // What is deleted is overwritten: it is somebody's words.
  sqlite.exec(`
    pragma secure_delete = on;
    create table if not exists response (
      id text primary key, previous text, is_kept integer not null, is_running integer not null, bytes integer not null,
      resource text not null, input text not null, output text not null
    ) strict;
    create table if not exists response_item (id text primary key, response text not null) strict, without rowid;
    create index if not exists response_item_response on response_item (response);
    create index if not exists response_previous on response (previous) where previous is not null;
    create index if not exists response_size on response (is_kept, bytes);
  `);
  const put = sqlite.prepare(
    `insert into response (id, previous, is_kept, is_running, bytes, resource, input, output)
     values (?, ?, 1, ?, ?, ?, ?, ?)
     on conflict (id) do update set previous = excluded.previous, is_running = excluded.is_running,
       bytes = excluded.bytes, resource = excluded.resource, input = excluded.input, output = excluded.output`,
  );
  const isThere = sqlite.prepare("select 1 from response where id = ?");
  const find = sqlite.prepare("select resource from response where id = ? and is_kept = 1");
  const line = sqlite.prepare(
    `with recursive line (id, previous, input, output, depth) as (
       select id, previous, input, output, 0 from response where id = ? and is_kept = 1
       union all
       select r.id, r.previous, r.input, r.output, line.depth + 1
         from response r join line on r.id = line.previous
     ) select input, output from line order by depth desc`,
  );
  const nameItem = sqlite.prepare(
    "insert into response_item (id, response) values (?, ?) on conflict (id) do update set response = excluded.response",
  );
  const forgetItems = sqlite.prepare("delete from response_item where response = ?");
  const withItem = sqlite.prepare(
    `select input, output from response where is_kept = 1
       and id = (select response from response_item where id = ?)`,
  );
  const hide = sqlite.prepare(
    `update response set is_kept = 0, resource = '', bytes = bytes - length(cast(resource as blob))
     where id = ? and is_kept = 1`,
  );
  const removeUnneeded = sqlite.prepare(
    `delete from response where id = ? and is_kept = 0
       and not exists (select 1 from response later where later.previous = response.id)
     returning previous`,
  );
  const oldest = sqlite.prepare("select id from response where is_kept = 1 order by rowid limit 1");
  const size = sqlite.prepare(
    `select count(*) filter (where is_kept = 1) as count, coalesce(sum(bytes), 0) as bytes,
       (select resource ->> '$.created_at' from response where is_kept = 1 order by rowid limit 1) as since
     from response`,
  );
  const running = sqlite.prepare(
    "select id, resource from response where is_running = 1 and is_kept = 1",
  );
  const end = sqlite.prepare("update response set is_running = 0, resource = ? where id = ?");

  const kept = () => size.get() as unknown as Kept;

  function remove(id: string): boolean {
    if (hide.run(id).changes === 0) return false;
    forgetItems.run(id);
    for (let at: string | null = id; at !== null;) {
      const gone = removeUnneeded.get(at) as { previous: string | null } | undefined;
      at = gone?.previous ?? null;
    }
    return true;
  }

  function makeRoom(): void {
    for (;;) {
      const { count, bytes } = kept();
      if (count <= limits.most && bytes <= limits.bytes) return;
      const first = oldest.get() as { id: string } | undefined;
      if (!first) return;
      remove(first.id);
    }
  }

  function itemsOf(id: string, hasOutput: boolean): Item[] | undefined {
    const rows = line.all(id) as unknown as ItemsRow[];
    if (rows.length === 0) return undefined;
    if (!hasOutput) rows.push({ input: rows.pop()!.input, output: "[]" });
    return rows.flatMap(itemsIn);
  }

  function write({ id, previous, before, input, output, resource, isRunning }: KeptResponse): void {
    const isLinked = previous !== undefined && isThere.get(previous) !== undefined;
    const own = isLinked ? input : [...before, ...input];
    const texts = [resource, own, output].map((part) => JSON.stringify(part));
    const bytes = texts.reduce(
      (sum, text) => sum + Buffer.byteLength(text),
      responseLimits.rowBytes,
    );
    const parent = isLinked ? previous : null;
    put.run(id, parent, Number(isRunning), bytes, texts[0]!, texts[1]!, texts[2]!);
    for (const item of [...input, ...output]) if (item.id) nameItem.run(item.id, id);
    makeRoom();
  }

  return {
    keep: (response) => transaction(() => write(response)),
    change: (response) =>
      transaction(() => {
        const isKept = find.get(response.id) !== undefined;
        if (isKept) write(response);
        return isKept;
      }),
    resource(id) {
      const row = find.get(id) as { resource: string } | undefined;
      return row && (JSON.parse(row.resource) as ResponseResource);
    },
    inputItems: (id) => itemsOf(id, false),
    conversation: (id) => itemsOf(id, true),
    item(id) {
      const row = withItem.get(id) as unknown as ItemsRow | undefined;
      return row && itemsIn(row).find((item) => item.id === id);
    },
    delete: (id) => transaction(() => remove(id)),
    clear() {
      const { count } = kept();
      sqlite.exec(
        "delete from response; delete from response_item; vacuum; pragma wal_checkpoint(truncate)",
      );
      return count;
    },
    kept,
    endRunning: (change) =>
      transaction(() => {
        for (const row of running.all() as unknown as { id: string; resource: string }[])
          end.run(JSON.stringify(change(JSON.parse(row.resource) as ResponseResource)), row.id);
      }),
  };
}
