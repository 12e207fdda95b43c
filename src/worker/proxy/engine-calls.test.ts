/** Between worker and engine: connections that are kept, one that is refused, and readers who hold up nobody else. */
import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { answerShortly, startBareEngine } from "../../../test/support/fake-engine/bare-engine.ts";
import { startFakeEngine } from "../../../test/support/fake-engine/fake-engine.ts";
import { flood, plainText } from "../../../test/support/fake-engine/script.ts";
import { startTestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { freePort } from "../../../tools/services/ready.ts";

test("requests one after the other share a connection to the engine", async () => {
  await using bare = await startBareEngine(answerShortly);
  await using network = await startTestWorker({ drive: bare.drive });
  const ticket = await network.ticket();
  for (let k = 1; k <= 5; k += 1)
    expect((await network.ask({ ticket, k })).line).toMatchObject({ finish: "stop" });
  expect(bare.requests).toHaveLength(5);
  expect(bare.connections).toBe(1);
});

test("an engine that is being started again is asked once more, and its time is not billed before", async () => {
  const port = await freePort();
  let inspections = 0;
  await using network = await startTestWorker({
    drive: ({ engine }) => ({
      ...engine,
      origin: `http://127.0.0.1:${port}`,
      inspect(signal) {
        inspections += 1;
        return engine.inspect(signal);
      },
    }),
  });
  const before = inspections;
  const asked = network.ask({ ticket: await network.ticket() });
  // It is doubted, and asked what it still has: the first try is over. The second waits for the clock.
  await expect.poll(() => inspections).toBeGreaterThan(before);
  const server = createServer((request, response) => {
    request.resume();
    answerShortly({ method: "", target: "", rawHeaders: [], body: "" }, response);
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  const reply = await network.until(asked, 100);
  expect(reply.line).toMatchObject({ finish: "stop", k: 1 });
  expect(reply.line!.billed_ms).toBeLessThan(500);
  server.closeAllConnections();
  server.close();
});

test("where another engine has the model, it is asked at once instead", async () => {
  const port = await freePort();
  await using second = await startFakeEngine({ script: plainText("from the second") });
  await using network = await startTestWorker({
    others: [second],
    drive: (fake) =>
      fake === second ? fake.engine : { ...fake.engine, origin: `http://127.0.0.1:${port}` },
  });
  // The clock stands still: nobody waits.
  const reply = await network.ask({ ticket: await network.ticket() });
  expect(reply.text).toContain("from the second");
  expect(second.requests.all).toHaveLength(1);
});

test("nothing is asked twice once the engine has said something", async () => {
  await using bare = await startBareEngine((_request, response) => {
    response.writeHead(200);
    response.write(`data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n`, () =>
      response.destroy(),
    );
  });
  await using network = await startTestWorker({ drive: bare.drive });
  const reply = await network.ask({ ticket: await network.ticket() });
  expect(reply).toMatchObject({ code: "engine_error", line: { finish: "worker_error" } });
  expect(bare.requests).toHaveLength(1);
});

test("a reader who takes nothing holds up nobody else, and costs little memory", async () => {
  await using network = await startTestWorker({ script: flood, slots: 3 });
  const { engine } = network;
  const stalled = network.start({ ticket: await network.ticket() });
  stalled.request.on("error", () => undefined);
  const message = await stalled.response;
  message.on("error", () => undefined).pause();
  // The engine is paused: what it wrote fits into the sockets' buffers, and grows no more.
  let before = -1;
  await expect
    .poll(() => {
      const isStill = engine.floodedBytes === before;
      before = engine.floodedBytes;
      return isStill;
    })
    .toBe(true);
  engine.play(plainText("quick"));
  // The clock stands still meanwhile: others wait for nothing.
  for (let k = 1; k <= 3; k += 1)
    expect(await network.ask({ ticket: await network.ticket(), k })).toMatchObject({
      ...{ status: 200, line: { finish: "stop" } },
    });
  expect(network.worker.status().slots.active).toBe(1);
  await network.until(engine.aborted.next(), 1_000);
  expect(network.worker.status().slots.active).toBe(0);
});
