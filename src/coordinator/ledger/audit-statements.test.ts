/** Whatever is done to a text that was signed, or to what was read from it, the audit names it and comes to its end. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { lineOf, openBooks, seen, type SqlBooks, type TestHold } from "./books.fixture.ts";

describe.each(["PGlite", "PostgreSQL"] as const)("the audit on %s", (kind) => {
  let service: TestService | undefined;
  let books: SqlBooks;
  let hold: TestHold;
  let receipt: { id: string; jws: string };
  beforeAll(async () => {
    service = kind === "PostgreSQL" ? await createDatabase() : undefined;
    books = await openBooks(service?.url);
    hold = await books.hold({ account: await books.account(), payee: await books.account(0) });
    const line = lineOf(hold, 1);
    await books.receive(hold, line);
    await books.acknowledge(hold, { ...seen(line), retry_of: `${hold.id}.7` });
    await books.acknowledge(hold, { k: 2, verdict: "not_received" });
    const { rows } = await sql<{ id: string; jws: string }>`
      select s.id, s.jws from statement s join request r on r.receipt = s.id
    `.execute(books.database);
    receipt = rows[0]!;
  }, 120_000);
  afterAll(async () => {
    await books[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  const run = (statement: string) => sql.raw(statement).execute(books.database);
  const offences = async () =>
    (await books.ledger.audit()).map(({ invariant, subject }) => `${invariant} ${subject}`);
  const exchange = async (jws: string) => {
    await sql`update statement set jws = ${jws} where id = ${receipt.id}`.execute(books.database);
  };
  const flipped = (text: string, at: number) =>
    text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);

  test("finds nothing in sound books", async () => {
    expect(await offences()).toEqual([]);
  });

  test("names a statement whichever of its characters was changed", async () => {
    const { length } = receipt.jws;
    for (const at of [0, length >> 3, length >> 2, length >> 1, (length * 3) >> 2, length - 1]) {
      await exchange(flipped(receipt.jws, at));
      expect(await offences()).toEqual([`5 ${receipt.id}`]);
    }
    await exchange(receipt.jws);
    expect(await offences()).toEqual([]);
  });

  test.each(["x", "AAAA", "!", ".", " "])(
    "names a statement to whose text %j was appended",
    async (appended) => {
      await exchange(receipt.jws + appended);
      expect(await offences()).toEqual([`5 ${receipt.id}`]);
      // In the middle too, where the body is no longer base64.
      await exchange(receipt.jws.replace(/[.](?=[^.]*$)/, `${appended}.`));
      expect(await offences()).toEqual([`5 ${receipt.id}`]);
      await exchange(receipt.jws);
    },
  );

  test("goes on where one check fails, and says that it did", async () => {
    // Named by its hash, and yet nothing that can be read.
    await run(`insert into statement (id, signer, jws, received_ms) values (translate(encode(
      sha256(convert_to('a.b.c', 'UTF8')), 'base64'), '+/=', '-_'), 'nobody', 'a.b.c', 0)`);
    await run(`update request set receipt = (select id from statement where jws = 'a.b.c'),
      cost = cost + 50000, shortfall = shortfall + 50000 where k = 1`);
    const named = await offences();
    expect(named).toContain("5 receipts");
    expect(named).toContain(`5 ${hold.id}.1`);
    await run(`update request set receipt = '${receipt.id}',
      cost = cost - 50000, shortfall = shortfall - 50000 where k = 1`);
    await run(`delete from statement where jws = 'a.b.c'`);
    expect(await offences()).toEqual([]);
  });

  test.each([
    [1, "verdict = 'differs'", "verdict = 'ok'"],
    [1, "acknowledged_ms = acknowledged_ms + 1", "acknowledged_ms = acknowledged_ms - 1"],
    [1, "acknowledged_prompt_tokens = 7", "acknowledged_prompt_tokens = 1000"],
    [1, "acknowledged_completion_tokens = 7", "acknowledged_completion_tokens = 1000"],
    [1, "retry_of = null", "retry_of = hold || '.7'"],
    [
      1,
      "acknowledged_hash = 'x' || acknowledged_hash",
      "acknowledged_hash = substr(acknowledged_hash, 2)",
    ],
    [2, "verdict = 'refused'", "verdict = 'not_received'"],
  ])("names request %s where the requester's word became %s", async (k, edit, undo) => {
    await run(`update request set ${edit} where k = ${k}`);
    expect(await offences()).toEqual([`5 ${hold.id}.${k}`]);
    await run(`update request set ${undo} where k = ${k}`);
    expect(await offences()).toEqual([]);
  });

  test.each([
    ["issue", "issuance", "user"],
    ["issue", "commons", "faucet"],
    ["grant", "issuance", "faucet"],
    ["grant", "faucet", "commons"],
    ["gift", "issuance", "user"],
    ["gift", "user", "commons"],
  ])("names a transfer of kind %s from %s to %s", async (name, from, to) => {
    const [debit, credit] = [from, to].map((side) => (side === "user" ? hold.account : side));
    const id = crypto.randomUUID();
    await run(`insert into transfer (id, debit, credit, amount, kind, created_ms)
      values ('${id}', '${debit}', '${credit}', 5, '${name}', 0)`);
    expect(await offences()).toContain(`1 ${id}`);
    await run("alter table transfer disable trigger transfer_append_only");
    await run(`delete from transfer where id = '${id}'`);
    await run("alter table transfer enable trigger transfer_append_only");
    expect(await offences()).toEqual([]);
  });
});
