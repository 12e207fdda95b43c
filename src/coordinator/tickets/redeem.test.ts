/** Batches of statements: one that cannot be redeemed neither stops those after it nor hides those before it. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { lineHash, type Line } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner } from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { type Desk, openDesk } from "../operator/operator-desk.fixture.ts";

const services = new AsyncDisposableStack();
let desk: Desk;
let databaseUrl: string;
let node: Signer;
beforeAll(async () => {
  databaseUrl = services.use(await createDatabase()).url;
  desk = await openDesk({ databaseUrl });
  node = await desk.troop.serve(await makeSigner());
}, 60_000);
afterAll(() => services.disposeAsync());

/** A request of somebody new. @returns its hold, and what both sides say of it */
async function answered() {
  const { troop } = desk;
  const user = await makeSigner();
  const tree = createSecretTree(systemRandom.bytes(32));
  const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor: tree.anchor };
  const { hold } = (await troop.call(user, "POST", "/authorize", wish)).body;
  const seen = { billed_ms: 10_000, prompt_tokens: 90_000, completion_tokens: 90_000 };
  const line: Line = {
    ...{ ...tree.reveal(1), ...seen, started: 1, ended: 2, first_token_ms: null },
    ...{ estimated: false, finish: "stop", cost: "0.500000", ...someHashes },
  };
  const word = { k: 1, verdict: "ok", line_hash: lineHash(line), ...seen };
  return {
    ...{ user, hold },
    receipt: await troop.statement(node, "troop-receipt+jwt", { hold, lines: [line] }),
    word: await troop.statement(user, "troop-acknowledgement+jwt", { hold, lines: [word] }),
  };
}
const send = (path: string, statements: string[]) =>
  desk.troop.call(undefined, "POST", path, { statements });
/** Holds that are on record for what was settled, the latest call first. */
const onRecord = async (event: string) => {
  const { body } = await desk.ask("viewer", "GET", "/admin/audit?event_type=transaction");
  return body.events
    .map(({ details }: { details: { event: string; holds: string[] } }) => details)
    .filter((details: { event: string }) => details.event === event)
    .map(({ holds }: { holds: string[] }) => holds);
};

test("the word of an account that is cut off waits, and holds up nobody else's", async () => {
  const [one, other, third] = [await answered(), await answered(), await answered()];
  await send("/receipts", [one.receipt, other.receipt, third.receipt]);
  await desk.ask("operator", "POST", `/admin/users/${other.user.id}/revoke`);
  const { status, body } = await send("/acknowledgements", [one.word, other.word, third.word]);
  expect(status).toBe(200);
  expect(body.outcomes).toMatchObject([
    { status: "accepted", lines: [{ outcome: "settled" }] },
    { status: "refused", code: "account_revoked" },
    { status: "accepted", lines: [{ outcome: "settled" }] },
  ]);
  expect(await onRecord("acknowledgements")).toEqual([[one.hold, third.hold]]);
  await desk.ask("operator", "POST", `/admin/users/${other.user.id}/restore`);
  const again = await send("/acknowledgements", [other.word]);
  expect(again.body.outcomes[0].lines).toMatchObject([{ outcome: "settled" }]);
});

test("what was settled before a call failed is on record all the same", async () => {
  const [one, other] = [await answered(), await answered()];
  const config = { url: databaseUrl, folder: undefined, poolSize: 1 };
  const database = await openDatabase(config, createLog("silent"));
  services.defer(() => database.destroy());
  await sql
    .raw(
      `create function fail() returns trigger language plpgsql as $$
      begin raise exception 'the disk is full' using errcode = 'disk_full'; end $$;
      create trigger fail before insert on request for each row when (new.hold = '${other.hold}')
        execute function fail()`,
    )
    .execute(database);
  expect((await send("/receipts", [one.receipt, other.receipt])).status).toBeGreaterThanOrEqual(
    500,
  );
  expect((await onRecord("receipts"))[0]).toEqual([one.hold]);
});
