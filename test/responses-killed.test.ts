/** The sidecar killed, as a real process: what was kept of responses is there, what ran has failed. */
import OpenAI from "openai";
import { expect, test } from "vitest";
import { gatedText, plainText } from "./support/fake-engine/script.ts";
import { startSeparateNetwork } from "./support/separate-network.ts";

/** Three processes start, one dies and starts again; that takes a slow machine a while. */
const timeout = 120_000;
const asked = { model: "test-model", input: "Count." };

test(
  "client killed: conversations go on where they were, and what ran in the background has failed",
  { timeout },
  async () => {
    await using network = await startSeparateNetwork(plainText("one"));
    const { engine } = network;
    const openai = new OpenAI({
      baseURL: `${network.clientUrl}/v1`,
      ...{ apiKey: "any", maxRetries: 0 },
    });
    const whole = await openai.responses.create(asked);
    engine.play(gatedText("two", "three"));
    const running = await openai.responses.create({ ...asked, background: true });
    engine.next();
    for (;;) if ((await openai.responses.retrieve(running.id)).output_text === "two") break;

    await network.kill("client");
    await network.start("client");
    expect(await openai.responses.retrieve(whole.id)).toEqual(whole);
    expect(await openai.responses.retrieve(running.id)).toMatchObject({
      ...{ status: "failed", error: { code: "server_error" } },
    });
    engine.play(plainText("fine"));
    await openai.responses.create({ ...asked, previous_response_id: whole.id });
    expect(engine.requests.all.at(-1)!.body["messages"]).toHaveLength(3);
  },
);
