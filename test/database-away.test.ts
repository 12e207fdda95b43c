/** PostgreSQL goes away under running processes and comes back: tickets work on, statements wait, nothing is restarted. */
import OpenAI from "openai";
import { expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { systemRandom } from "../src/base/random.ts";
import { createWay } from "../src/coordinator/way.fixture.ts";
import { createCoordinatorClient } from "../src/host/coordinator-client.ts";
import { authorizeAnswer } from "../src/protocol/endpoints.ts";
import { createSecretTree } from "../src/protocol/secrets.ts";
import { makeSigner } from "./network.ts";
import { plainText } from "./support/fake-engine/script.ts";
import { delivered, soundBooks } from "./support/separate-books.ts";
import { startSeparateNetwork } from "./support/separate-network.ts";

const settled = { finish: "stop", state: "settled", verdict: "ok", shortfall: 0n, commons: 0n };

test("while the database is away, tickets that were given work, and the coordinator says what it cannot do", async () => {
  await using stack = new AsyncDisposableStack();
  const port = Promise.withResolvers<number>();
  let way: ReturnType<typeof createWay> | undefined;
  await using network = await startSeparateNetwork(plainText("fine"), async (databaseUrl) => {
    const url = new URL(databaseUrl);
    way = stack.use(createWay(Number(url.port)));
    const at = await way.open();
    port.resolve(at);
    url.port = String(at);
    return url.href;
  });
  const client = new OpenAI({
    ...{ baseURL: `${network.clientUrl}/v1`, apiKey: "any", maxRetries: 0 },
  });
  const ask = async () => {
    network.engine.play(plainText("fine"));
    const answer = await client.chat.completions.create({
      ...{ model: "test-model", messages: [{ role: "user", content: "Well?" }] },
    });
    return answer.choices[0]?.message.content;
  };
  expect(await ask()).toBe("fine");
  await delivered(network);

  await way!.cut();
  expect(await ask()).toBe("fine");
  await network.said("worker", /statements wait/);
  await network.said("client", /statements wait/);
  const [signer, { anchor }] = [await makeSigner(), createSecretTree(new Uint8Array(32))];
  await using coordinator = createCoordinatorClient({
    ...{ url: network.coordinatorUrl, clock: systemClock, random: systemRandom },
  });
  const authorize = () =>
    coordinator.call({
      ...{ method: "POST", path: "/authorize", signer, answer: authorizeAnswer },
      body: { id: systemRandom.uuid(), model: "test-model", anchor },
    });
  await expect(authorize()).rejects.toMatchObject({ code: "ledger_unavailable", status: 503 });
  // Who is there is known without the books.
  expect((await fetch(`${network.coordinatorUrl}/v1/models`)).status).toBe(200);

  await way!.open(await port.promise);
  await delivered(network);
  expect(await soundBooks(network)).toMatchObject([settled, settled]);
  expect(await authorize()).toMatchObject({ node: { models: [{ name: "test-model" }] } });
}, 120_000);
