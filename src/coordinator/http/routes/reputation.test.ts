/** `GET /nodes/{id}/reputation`: of whom, under which names, and that reading leaves nothing behind. */
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../../test/support/services.ts";
import { publicJwk, type Signer } from "../../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../../coordinator.fixture.ts";

const services = new AsyncDisposableStack();
let database: TestService;
let troop: TestCoordinator;
let node: Signer;
let reader: Signer;
beforeAll(async () => {
  database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
  node = await troop.serve(await makeSigner());
  reader = await makeSigner();
});
afterAll(() => services.disposeAsync());

const read = (id: string, by: Signer | undefined = reader) =>
  troop.call(by, "GET", `/nodes/${encodeURIComponent(id)}/reputation`);

test("a node that nobody has asked for anything is new, and that is said", async () => {
  expect(await read(node.id)).toMatchObject({
    status: 200,
    body: {
      ...{ node_id: node.id, score: 0.85, tier: "new", jobs: 0, counted: 0 },
      parts: { availability: 1, reliability: 1, performance: null },
      ...{ consistency: null, why: ["too few jobs so far: it takes 5"] },
    },
  });
  const { body } = await troop.call(reader, "GET", "/peers");
  expect(body.nodes).toMatchObject([{ node_id: node.id, reputation: 0.85 }]);
});

test("its public key stands for its id", async () => {
  const key = JSON.stringify(publicJwk.parse(node.jwk));
  expect(await read(key)).toMatchObject({ status: 200, body: { node_id: node.id } });
});

test("what is no id, who is no node, and who proves nothing", async () => {
  const codeOf = async (answer: ReturnType<typeof read>) => (await answer).body.error.code;
  expect(await codeOf(read("nonsense"))).toBe("invalid_value");
  expect(await codeOf(read(reader.id))).toBe("node_unknown");
  expect(await codeOf(troop.call(undefined, "GET", `/nodes/${node.id}/reputation`))).toBe(
    "missing_proof",
  );
});

test("reading creates nothing", async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const count = async () =>
    (
      await client.query(
        "select (select count(*) from node), (select count(*) from account), (select count(*) from presence)",
      )
    ).rows;
  const before = await count();
  await read((await makeSigner()).id, await makeSigner());
  expect(await count()).toEqual(before);
  await client.end();
});
