/** What vests because its day is over moves credits, and nobody called: it is on record all the same. */
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import type { Line } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { makeSigner } from "../coordinator.fixture.ts";
import { openDesk } from "../operator/operator-desk.fixture.ts";

test("a request that nobody acknowledged is on record when it vests, once, with its hold", async () => {
  const { troop, ask } = await openDesk({ databaseUrl: undefined });
  const [user, owner] = [await makeSigner(), await makeSigner()];
  const node = await troop.serve(owner);
  const tree = createSecretTree(systemRandom.bytes(32));
  const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor: tree.anchor };
  const { hold } = (await troop.call(user, "POST", "/authorize", wish)).body;
  const line: Line = {
    ...tree.reveal(1),
    ...{ started: 1, ended: 2, billed_ms: 10_000, first_token_ms: null, prompt_tokens: 90_000 },
    ...{ completion_tokens: 90_000, estimated: false, finish: "stop", cost: "0.500000" },
    ...someHashes,
  };
  const receipt = await troop.statement(node, "troop-receipt+jwt", { hold, lines: [line] });
  await troop.call(undefined, "POST", "/receipts", { statements: [receipt] });

  const vested = async () => {
    const page = await ask("viewer", "GET", "/admin/audit?event_type=transaction");
    return page.body.events
      .map(({ details }: { details: { event: string } }) => details)
      .filter(({ event }: { event: string }) => event === "vested");
  };
  expect(await vested()).toEqual([]);
  // The jobs go by what the books believe of time, which moves on as they look.
  await expect
    .poll(
      async () => {
        troop.clock.advance(60 * 60_000);
        return vested();
      },
      { timeout: 60_000 },
    )
    .toEqual([{ event: "vested", requests: 1, holds: [hold] }]);
  troop.clock.advance(60 * 60_000);
  expect(await vested()).toHaveLength(1);
  const { body } = await ask("viewer", "GET", `/admin/users/${owner.id}`);
  expect(body).toMatchObject({ balance: "0.500000", vesting: "0.000000" });
}, 90_000);
