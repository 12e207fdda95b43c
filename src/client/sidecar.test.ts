/** The sidecar as a process: what it holds, what survives it, how it ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { startTestNetwork, whileTimePasses } from "./fixtures/sidecar.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };

function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "troop-client-"));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

test("an acknowledgement that could not be delivered outlives the process", async () => {
  using place = temporaryFolder();
  const settings = { dataFolder: place.folder };
  {
    await using network = await startTestNetwork(createFakeClock(), [undefined], settings);
    network.coordinator.before = (call) => {
      if (call === "POST /acknowledgements") throw new TroopError("ledger_unavailable");
    };
    await network.openai.chat.completions.create(question);
    expect(network.sidecar.pending()).toBe(1);
  }
  await using network = await startTestNetwork(createFakeClock(), [undefined], settings);
  expect(network.sidecar.pending()).toBe(1);
});

test("a second process on the same folder is refused", async () => {
  using place = temporaryFolder();
  const settings = { dataFolder: place.folder };
  await using _first = await startTestNetwork(createFakeClock(), [undefined], settings);
  await expect(startTestNetwork(createFakeClock(), [undefined], settings)).rejects.toMatchObject({
    code: "data_folder_locked",
  });
});

test("a port that is taken is said to be, and nothing is left behind", async () => {
  using place = temporaryFolder();
  await using first = await startTestNetwork(createFakeClock());
  const { port } = new URL(first.sidecar.url);
  const settings = { dataFolder: place.folder };
  const listen = { host: "127.0.0.1", port: Number(port) };
  await expect(
    startTestNetwork(createFakeClock(), [undefined], { ...settings, listen }),
  ).rejects.toMatchObject({ code: "port_taken" });
  await using _second = await startTestNetwork(createFakeClock(), [undefined], settings);
});

test("a sidecar that stops ends its streams with an error", async () => {
  await using network = await startTestNetwork(createFakeClock(), [
    ({ open, text }) => {
      open();
      text("half");
    },
  ]);
  const stream = await network.openai.chat.completions.create({ ...question, stream: true });
  const chunks = stream[Symbol.asyncIterator]();
  await chunks.next();
  const stopped = network.sidecar[Symbol.asyncDispose]();
  await expect(chunks.next()).rejects.toThrow();
  await stopped;
});

test("a node that says nothing for 300 s is given up", async () => {
  const clock = createFakeClock();
  const asked = Promise.withResolvers<void>();
  await using network = await startTestNetwork(clock, [() => asked.resolve()]);
  const answer = network.openai.chat.completions.create(question);
  await asked.promise;
  await clock.advance(299_000);
  const outcome = answer.catch((error: unknown) => error);
  expect(await whileTimePasses(clock, outcome)).toMatchObject({ status: 504, code: "timeout" });
});

test("a model that nobody offers cannot be prepared", async () => {
  await using network = await startTestNetwork(createFakeClock());
  await expect(network.sidecar.prepare("other")).rejects.toMatchObject({ code: "model_not_found" });
});
