/** The sidecar killed, as a real process, again and again: what was spent counts, and no cap is got around that way. */
import { expect, test } from "vitest";
import { createMachine } from "../src/cli/command-line.fixture.ts";
import { formatCredits, parseCredits, readCredits } from "../src/protocol/credits.ts";
import { gatedText, plainText } from "./support/fake-engine/script.ts";
import { delivered, soundBooks } from "./support/separate-books.ts";
import { type SeparateNetwork, startSeparateNetwork } from "./support/separate-network.ts";

/** Three processes start, one dies and starts again, some times; that takes a slow machine a while. */
const timeout = 180_000;
const killsMost = 8;
/** Beside one request's reserve: less than an answer's first word costs. */
const slack = 50n;

test(
  "client killed: what was spent counts after the restart, and killing it again and again is no way around a cap",
  { timeout },
  async () => {
    await using network = await startSeparateNetwork(plainText("one"));
    using machine = createMachine(network.coordinatorUrl, {
      ...{ DATA_DIR: network.folderOf("client") },
    });
    const { key } = (await machine.troopAlone("keys", "add", "editor", "--json")).json;
    const ask = (stream: boolean): Promise<Response> => askAs(key, network, stream);
    const capAt = async (amount: bigint) =>
      machine.troopAlone("keys", "cap", "editor", "--hourly", formatCredits(amount));
    const whole = await ask(false);
    const cost = parseCredits(whole.headers.get("x-troop-cost")!);
    await whole.text();
    expect(cost).toBeGreaterThan(0n);
    await restart(network);
    expect(await spentBy(network)).toBe(cost);

    // Room for one more request of ten tokens: what that is, the refusal of a cap of nothing says.
    await capAt(0n);
    const { error } = (await (await ask(true)).json()) as { error: { message: string } };
    const reserve = readCredits(/([\d.]+) would be set aside/.exec(error.message)![1]!)!;
    const cap = cost + reserve + slack;
    await capAt(cap);

    network.engine.play(gatedText("one", "two"));
    let kills = 0;
    let answer = await ask(true);
    for (; answer.status === 200 && kills < killsMost; kills += 1) {
      const words = answer.body!.getReader();
      network.engine.next();
      await words.read();
      const [broken] = await Promise.allSettled([readToEnd(words), restart(network)]);
      expect(broken.status).toBe("rejected");
      // What ran when it was killed is not forgotten: it counts with what it may have cost, or did.
      expect(await spentBy(network)).toBeGreaterThan(cost);
      answer = await ask(true);
    }
    expect(answer.status).toBe(402);
    expect(await answer.json()).toMatchObject({ error: { code: "spending_cap" } });
    expect(kills).toBeGreaterThan(0);

    await delivered(network);
    const requests = await soundBooks(network);
    expect(requests).toHaveLength(1 + kills);
    const charged = requests.reduce((sum, request) => sum + request.cost, 0n);
    // `max_tokens` is stated: then nothing is overshot.
    expect(charged).toBeLessThanOrEqual(cap);
  },
);

const askAs = (key: string, { clientUrl }: SeparateNetwork, stream: boolean): Promise<Response> =>
  fetch(`${clientUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({
      ...{ model: "test-model", max_tokens: 10, stream },
      messages: [{ role: "user", content: "Count." }],
    }),
  });

async function spentBy({ clientUrl }: SeparateNetwork): Promise<bigint> {
  const { spending } = (await (await fetch(`${clientUrl}/status`)).json()) as {
    spending: { keys: { name: string; hour: { spent: string } }[] };
  };
  return parseCredits(spending.keys.find(({ name }) => name === "editor")!.hour.spent);
}

/** SIGKILL, and a new process on the same folder. */
async function restart(network: SeparateNetwork): Promise<void> {
  await network.kill("client");
  await network.start("client");
}

async function readToEnd(words: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await words.read()).done);
}
