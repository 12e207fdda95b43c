/** `troop history`: what the sidecar keeps of conversations, seen and forgotten, whether or not it runs. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { startTestNetwork } from "../client/fixtures/sidecar.fixture.ts";
import { keptOf, said } from "../client/responses/kept.fixture.ts";
import { createResponseStore } from "../client/responses/response-store.ts";
import { responsesFile } from "../client/responses/responses.ts";
import { openLocalDatabase } from "../host/local-database.ts";
import { createMachine } from "./command-line.fixture.ts";

const nobody = "http://127.0.0.1:9";
const asked = { model: "toy:1b", input: "my secret words" };

function machine() {
  const here = createMachine(nobody);
  const folder = join(here.folder, "client");
  mkdirSync(folder);
  return Object.assign(here, {
    client: folder,
    history: (...words: string[]) => here.troopAlone("history", ...words),
  });
}

test("where nothing is kept nothing is asked, and nothing is made", async () => {
  using here = machine();
  const shown = await here.history("--json");
  expect(shown.json).toEqual({ responses: 0, bytes: 0, since: null });
  expect((await here.history()).stdout).toContain("No response is kept here.");
  expect((await here.history("clear", "--json")).json).toEqual({ cleared: 0 });
  expect(readdirSync(here.client)).toEqual([]);
});

test("what is kept is counted and dated, and forgotten only when one says so", async () => {
  using here = machine();
  {
    using database = openLocalDatabase(here.client, responsesFile);
    const store = createResponseStore(database);
    const resource = { ...keptOf("a").resource, created_at: 1_767_225_600 };
    store.keep(keptOf("a", { input: [said("a", "my secret words")], resource }));
    store.keep(keptOf("b"));
  }
  const { json } = await here.history("--json");
  expect(json).toMatchObject({ responses: 2, since: "2026-01-01T00:00:00.000Z" });
  expect((await here.history()).stdout).toContain("2 responses, 2 KiB, the oldest of 2026-01-01.");
  const refused = await here.history("clear");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("Forget 2 responses");
  expect(refused.stderr).toContain("--yes");
  expect((await here.history("--json")).json.responses).toBe(2);
  expect((await here.history("clear", "--yes", "--json")).json).toEqual({ cleared: 2 });
  expect((await here.history("--json")).json.responses).toBe(0);
  expect(readFileSync(join(here.client, responsesFile)).includes("secret words")).toBe(false);
});

test("a report for whoever helps holds none of them", async () => {
  using here = machine();
  {
    using database = openLocalDatabase(here.client, responsesFile);
    createResponseStore(database).keep(keptOf("a", { input: [said("a", "my secret words")] }));
  }
  const report = join(here.folder, "report.json");
  expect((await here.troopAlone("bugreport", "--output", report)).code).toBe(0);
  expect(readFileSync(report, "utf8")).not.toContain("secret words");
});

test("a sidecar that runs has forgotten them too, and keeps what comes then", async () => {
  using here = machine();
  await using network = await startTestNetwork(createFakeClock(), [undefined], {
    dataFolder: here.client,
  });
  const { openai } = network;
  const { id } = await openai.responses.create(asked);
  expect((await here.history("--json")).json.responses).toBe(1);
  expect((await here.history("clear", "--yes", "--json")).json).toEqual({ cleared: 1 });
  await expect(openai.responses.retrieve(id)).rejects.toMatchObject({ code: "response_not_found" });
  const gone = openai.responses.create({ ...asked, previous_response_id: id });
  await expect(gone).rejects.toMatchObject({ code: "previous_response_not_found" });
  const files = readdirSync(here.client).filter((name) => name.startsWith(responsesFile));
  for (const name of files)
    expect(readFileSync(join(here.client, name)).includes("secret words")).toBe(false);
  const later = await openai.responses.create(asked);
  expect(await openai.responses.retrieve(later.id)).toMatchObject({ id: later.id });
});
