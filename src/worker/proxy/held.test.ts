/** What a request holds – slot, body, number, account – is given back, whatever goes wrong with it. */
import { expect, test } from "vitest";
import { chatBody } from "../../../test/support/fake-engine/infer-client.ts";
import { gatedText, plainText } from "../../../test/support/fake-engine/script.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import { limits } from "../../protocol/limits.ts";

/** From now until it is disposed the journal cannot be written, as on a full disk. */
function failJournal({ dataFolder }: TestWorker, on: "insert" | "update"): Disposable {
  const fail = `before ${on} on journal begin select raise(abort, 'disk full'); end`;
  const run = (sql: string) => {
    using database = openLocalDatabase(dataFolder, "worker.sqlite");
    database.sqlite.exec(sql);
  };
  run(`create trigger full_disk ${fail}`);
  return { [Symbol.dispose]: () => run("drop trigger full_disk") };
}

/** Five of these are more than may be on their way at once. */
const large = chatBody({
  messages: [{ role: "user", content: "x".repeat(limits.inferenceBytesInFlight / 5) }],
});

test("a body that is nested without end is refused, however often, and leaves the node free", async () => {
  await using network = await startTestWorker({ slots: 2 });
  const ticket = await network.ticket();
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const content = `[{"type":"text","text":${deep}}]`;
  const body = `{"model":"test-model","messages":[{"role":"user","content":${content}}]}`;
  for (let count = 0; count < 4; count += 1)
    expect(await network.ask({ ticket, body })).toMatchObject({ code: "json_too_deep" });
  expect(network.worker.status().slots.active).toBe(0);
  expect((await network.ask({ ticket })).line).toMatchObject({ k: 1, finish: "stop" });
});

test("requests that cannot be written to the journal are refused and hold nothing", async () => {
  await using network = await startTestWorker({ slots: 4 });
  const { coordinator, engine, until } = network;
  const ticket = await network.ticket();
  {
    using _full = failJournal(network, "insert");
    // More than there are slots.
    for (let count = 0; count < 5; count += 1) {
      const reply = await network.ask({ ticket, body: large });
      expect(reply).toMatchObject({ code: "internal_error", status: 500, line: undefined });
    }
  }
  expect(network.worker.status().slots.active).toBe(0);
  expect(engine.requests.all).toEqual([]);
  expect((await network.ask({ ticket, body: large })).line).toMatchObject({ k: 1 });
  // A hold that anybody had open would not be closed.
  expect(await until(coordinator.closes.next(), 5_000)).toMatchObject({ numbers: [1] });
});

test("an answer that cannot be written to the journal breaks off, and then uses nothing up", async () => {
  await using network = await startTestWorker({ script: gatedText("a", "b", "c") });
  const { clock, engine, worker } = network;
  // Three words' worth.
  const ticket = await network.ticket({ budget: "0.003000" });
  {
    using _full = failJournal(network, "update");
    const asked = network.ask({ ticket });
    await engine.requests.next();
    await clock.advance(60_000);
    for (let count = 0; count < 3; count += 1) engine.next();
    await expect(asked).rejects.toThrow();
  }
  expect(worker.status().slots.active).toBe(0);
  expect(await network.ask({ ticket })).toMatchObject({ code: "request_replayed" });
  engine.play(plainText("a"));
  expect((await network.ask({ ticket, k: 2 })).line).toMatchObject({ k: 2, finish: "stop" });
});
