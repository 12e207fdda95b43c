/** A node dies before the first word, as a real process: another one answers, nobody notices, and one is paid. */
import { expect, test } from "vitest";
import { startFakeEngine } from "../support/fake-engine/fake-engine.ts";
import { gatedText } from "../support/fake-engine/script.ts";
import { createFolder, lastObject, startTroop } from "../support/processes.ts";
import { nothingWaits } from "../support/separate-books.ts";
import { startSeparateNetwork } from "../support/separate-network.ts";

/** Four processes start, and one dies; that takes a slow machine a while. */
const timeout = 120_000;
const script = gatedText("It ", "is me.");

test(
  "a node that is killed before its first word is replaced by another, and one answer is paid for",
  { timeout },
  async () => {
    await using network = await startSeparateNetwork(script);
    await using folder = await createFolder();
    await using engine = await startFakeEngine({ script });
    const flags = ["--coordinator", network.coordinatorUrl, "--engine", engine.origin];
    await using second = startTroop(
      ["worker", ...flags, "--json", "--data", folder.path, "--port", "0"],
      { environment: { LOG_LEVEL: "warn" } },
    );
    await second.line(/^\{"node_id":.*\n/m);
    const { url } = lastObject(second) as { url: string };
    const nodes = [
      { engine: network.engine, url: network.workerUrl, kill: () => network.kill("worker") },
      { engine, url, kill: () => second.end() },
    ];

    const answer = fetch(`${network.clientUrl}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        ...{ model: "test-model", stream: true },
        messages: [{ role: "user", content: "Who is there?" }],
      }),
    });
    const arrivals = nodes.map((node) => node.engine.requests.next());
    const first = await Promise.race(arrivals.map((arrival, index) => arrival.then(() => index)));
    const other = nodes[1 - first]!;
    await nodes[first]!.kill();
    await arrivals[1 - first];
    for (let gates = 0; gates < 3; gates += 1) other.engine.next();
    const response = await answer;
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(contentOf(text)).toBe("It is me.");
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(nodes.map((node) => node.engine.requests.all.length)).toEqual([1, 1]);

    await nothingWaits(other.url, "receipts_waiting");
    await nothingWaits(network.clientUrl, "pending_acknowledgements");
    const { books, requester } = network;
    expect(await books.audit()).toEqual([]);
    const entries = await books.history(requester, undefined, 200);
    const requests = entries.filter((entry) => entry.type === "request");
    const charged = requests.filter(({ cost }) => cost > 0n);
    expect(charged).toMatchObject([{ finish: "stop", state: "settled", verdict: "ok" }]);
    expect(await books.balance(requester)).toMatchObject({
      posted: 1_000_000_000n - charged[0]!.cost,
    });
  },
);

const contentOf = (stream: string): string =>
  [...stream.matchAll(/^data: (\{.*\})$/gm)]
    .map(([, event]) => JSON.parse(event!) as { choices: { delta: { content?: string } }[] })
    .map(({ choices }) => choices[0]?.delta.content ?? "")
    .join("");
