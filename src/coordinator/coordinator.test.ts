/** A coordinator as a whole: the story from joining to settled credits, and what survives a restart. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, createRedisDatabase } from "../../test/support/services.ts";
import { formatCredits, parseCredits } from "../protocol/credits.ts";
import { costOf, parseRates } from "../protocol/price.ts";
import { lineHash, type Line } from "../protocol/receipt.ts";
import { someHashes } from "../protocol/receipt.fixture.ts";
import { createSecretTree } from "../protocol/secrets.ts";
import { checkTicket, ticketKeys } from "../protocol/ticket.ts";
import { createLog } from "../host/log.ts";
import { systemRandom } from "../base/random.ts";
import {
  beatOf,
  keyRingSecret,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "./coordinator.fixture.ts";
import { readCoordinatorConfig } from "./config.ts";
import { startCoordinator } from "./coordinator.ts";

describe.each(["PGlite and memory", "PostgreSQL and Redis"] as const)("on %s", (kind) => {
  const services = new AsyncDisposableStack();
  let troop: TestCoordinator;
  beforeAll(async () => {
    if (kind === "PGlite and memory") troop = services.use(await openCoordinator());
    else {
      const database = services.use(await createDatabase());
      const redis = services.use(await createRedisDatabase());
      troop = services.use(
        await openCoordinator({ databaseUrl: database.url, redisUrl: redis.url }),
      );
    }
  }, 120_000);
  afterAll(() => services.disposeAsync());

  test("from joining to a settled receipt, the requester's loss is the provider's gain", async () => {
    const [user, owner] = [await makeSigner(), await makeSigner()];
    const node = await troop.serve(owner);
    const peers = await troop.call(user, "GET", "/peers?model=a-model:1b");
    expect(peers.body).toMatchObject({
      count: 1,
      nodes: [{ node_id: node.id, owner: owner.id, addresses: [], multiplier: "0.0500" }],
    });

    const tree = createSecretTree(systemRandom.bytes(32));
    const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor: tree.anchor };
    const granted = await troop.call(user, "POST", "/authorize", wish);
    expect(granted.status).toBe(200);
    expect(granted.body).toMatchObject({
      node: { node_id: node.id, addresses: ["127.0.0.1:8080"] },
      target_ip: "127.0.0.1",
      budget: "15.000000",
      multiplier: "0.0500",
      expires_at: troop.clock.now() + 300_000,
    });

    const keys = await troop.call(undefined, "GET", "/.well-known/jwks.json");
    const claims = await checkTicket(ticketKeys(keys.body), granted.body.ticket, {
      issuer: troop.coordinator.url,
      node: node.id,
      now: troop.clock.now(),
    });
    expect(claims).toMatchObject({ jti: granted.body.hold, anchor: tree.anchor, own: false });
    expect(claims.sub).not.toBe(user.id);

    const usage = { billedMs: 1_000, promptTokens: 100, completionTokens: 40 };
    const cost = formatCredits(costOf(usage, parseRates(granted.body.rate)));
    const line: Line = {
      ...tree.reveal(3),
      started: troop.clock.now(),
      ended: troop.clock.now() + 1_000,
      billed_ms: usage.billedMs,
      first_token_ms: 50,
      prompt_tokens: usage.promptTokens,
      completion_tokens: usage.completionTokens,
      estimated: false,
      finish: "stop",
      cost,
      ...someHashes,
    };
    troop.clock.advance(1_000);
    const receipt = await troop.statement(node, "troop-receipt+jwt", {
      hold: granted.body.hold,
      lines: [line],
    });
    const word = await troop.statement(user, "troop-acknowledgement+jwt", {
      hold: granted.body.hold,
      lines: [
        {
          k: 3,
          verdict: "ok",
          line_hash: lineHash(line),
          billed_ms: 3_000,
          prompt_tokens: 400,
          completion_tokens: 200,
        },
      ],
    });
    const first = await troop.call(undefined, "POST", "/receipts", { statements: [receipt, "no"] });
    expect(first.body.outcomes).toEqual([
      {
        status: "accepted",
        hold: granted.body.hold,
        lines: [{ k: 3, outcome: "vesting", paid: cost }],
      },
      { status: "refused", code: "invalid_signature" },
    ]);
    const second = await troop.call(undefined, "POST", "/acknowledgements", { statements: [word] });
    expect(second.body.outcomes[0].lines).toEqual([{ k: 3, outcome: "settled", paid: cost }]);

    const balance = async (who: typeof user) =>
      (await troop.call(who, "GET", `/users/${who.id}/balance`)).body;
    expect((await balance(owner)).balance).toBe(cost);
    const left = formatCredits(1_000_000_000n - parseCredits(cost));
    expect(await balance(user)).toMatchObject({ balance: left, non_transferable: left });
    const history = await troop.call(user, "GET", `/users/${user.id}/transactions`);
    expect(history.body.transactions).toMatchObject([
      {
        amount: `-${cost}`,
        transaction_type: "debit",
        description: expect.stringMatching(/^1\.0 s × 0\.0500$|^capped by tokens/),
        metadata: { hold: granted.body.hold, k: 3, state: "settled", line_hash: lineHash(line) },
      },
      { amount: "1000.000000", transaction_type: "credit", kind: "grant" },
    ]);
    expect(await troop.coordinator.auditLedger()).toEqual([]);
  });

  test("the owner uses the own node for nothing, and without credits", async () => {
    const owner = await makeSigner();
    const node = await troop.serve(owner);
    const anchor = createSecretTree(systemRandom.bytes(32)).anchor;
    const wish = { id: systemRandom.uuid(), model: "a-model:1b", node: node.id, anchor };
    const { body } = await troop.call(owner, "POST", "/authorize", wish);
    expect(body).toMatchObject({ budget: "0.000000", rate: { per_second: "0.000000000000" } });
  });

  test("a node that falls silent is no longer listed, and comes back with a short beat", async () => {
    const owner = await makeSigner();
    const node = await troop.serve(owner);
    const isListed = async () => {
      const { body } = await troop.call(owner, "GET", "/nodes");
      return body.nodes.some(({ node_id }: { node_id: string }) => node_id === node.id);
    };
    expect(await isListed()).toBe(true);
    troop.clock.advance(30_000);
    expect(await isListed()).toBe(false);
    const { snapshot: _, ...short } = beatOf({ counter: 2 });
    expect((await troop.call(node, "POST", "/heartbeat", short)).body.resend).toBe(false);
    expect(await isListed()).toBe(true);
  });
});

test("a restart keeps accounts, tickets' keys and pseudonyms; the folder admits one process", async () => {
  const user = await makeSigner();
  await using first = await openCoordinator();
  const { folder: dataFolder, clock } = first;
  await first.call(user, "POST", "/users", {});
  const keys = await first.call(undefined, "GET", "/.well-known/jwks.json");
  expect(statSync(join(dataFolder, "keys", "ring-secret")).mode & 0o777).toBe(0o600);
  await expect(openCoordinator({ dataFolder }, clock)).rejects.toMatchObject({
    code: "data_folder_locked",
  });
  await first.coordinator[Symbol.asyncDispose]();

  await using second = await openCoordinator({ dataFolder }, clock);
  expect((await second.call(user, "POST", "/users", {})).body.created).toBe(false);
  expect((await second.call(undefined, "GET", "/.well-known/jwks.json")).body).toEqual(keys.body);
}, 120_000);

test.each([
  [
    "a port that is taken",
    (port: number) => ({ listen: { host: "127.0.0.1", port } }),
    "port_taken",
  ],
  [
    "a database that does not answer",
    () => ({ databaseUrl: "postgres://nobody:secret@127.0.0.1:1/none" }),
    "database_unreachable",
  ],
])("%s is refused at the start, and nothing is left open", async (_name, settings, code) => {
  await using database = await createDatabase();
  await using running = await openCoordinator({ databaseUrl: database.url });
  const port = Number(new URL(running.coordinator.url).port);
  const config = readCoordinatorConfig(
    { OPERATOR_LISTEN: "off" },
    {
      ...{ dataFolder: join(running.folder, "another"), databaseUrl: database.url, keyRingSecret },
      ...settings(port),
    },
  );
  const parts = { clock: running.clock, random: systemRandom, log: createLog("silent") };
  const start = startCoordinator(config, parts);
  await expect(start).rejects.toMatchObject({ code });
  await expect(start).rejects.not.toThrow(/secret/);
});
