/**
 * A worker that can only dial out, and a client on another network: real processes on separate Linux networks. As a
 * user sees it: the answer comes, by whichever path there is.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "./house-rules/source-files.ts";
import { createNamespaces, type Namespaces } from "./support/namespaces.ts";
import { createFolder, launcher } from "./support/processes.ts";

const isRoot = process.getuid?.() === 0;
const model = "test-model";

/** Asks on the client's machine. @returns the text, and by what kind of path the node was reached */
async function ask(networks: Namespaces): Promise<{ text: string; path: string }> {
  const program = `
    const body = JSON.stringify({ model: "${model}", stream: true, messages: [{ role: "user", content: "Hi" }] });
    const headers = { "content-type": "application/json" };
    const base = "http://127.0.0.1:9000";
    const answer = await fetch(base + "/v1/chat/completions", { method: "POST", headers, body });
    const events = (await answer.text()).split("\\n").filter((line) => line.startsWith("data: {"));
    const chunks = events.map((line) => JSON.parse(line.slice(6)));
    const text = chunks.map(({ choices, error }) => error ? "error " + error.code : choices[0]?.delta?.content ?? "").join("");
    const { tickets } = await (await fetch(base + "/status")).json();
    console.log(JSON.stringify({ text: answer.status === 200 ? text : String(answer.status), path: tickets[0]?.path?.kind }));
  `;
  const words = [process.execPath, "--input-type=module", "-e", program];
  const { stdout, stderr } = await networks.start("client", words).ended;
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout) as { text: string; path: string };
}

test.skipIf(!isRoot)(
  "a worker that can only dial out answers through the relay; directly while that works, and by the relay again",
  { timeout: 120_000 },
  async () => {
    using networks = await createNamespaces();
    await using folder = await createFolder();
    const url = `http://${networks.coordinatorHost}:8000`;
    const troop = (machine: "coordinator" | "worker" | "client", ...words: string[]) =>
      networks.start(machine, [
        ...[process.execPath, launcher, ...words, "--json"],
        ...["--data", join(folder.path, machine)],
      ]);

    await using coordinator = troop(
      ...(["coordinator", "coordinator", "--listen", `${networks.coordinatorHost}:8000`] as const),
      ...["--public-url", url],
    );
    await coordinator.line(/^\{"url":.*\n/m);
    const serve = join(repository, "test", "support", "fake-engine", "serve.ts");
    await using engine = networks.start("worker", [process.execPath, serve]);
    const [origin] = await engine.line(/^http:\S+$/m);
    const listen = `${networks.workerHost}:8080`;
    await using worker = troop(
      ...([
        "worker",
        "worker",
        "--coordinator",
        url,
        "--engine",
        origin,
        "--listen",
        listen,
      ] as const),
    );
    await worker.line(/^\{"node_id":.*\n/m);
    await using client = troop("client", "up", "--coordinator", url);
    await client.line(/^\{"url":.*\n/m);

    expect(await ask(networks)).toEqual({ text: "Hello world", path: "relay" });

    networks.forward(true);
    const after = [await ask(networks), await ask(networks)];
    expect(after.map(({ text }) => text)).toEqual(["Hello world", "Hello world"]);
    expect(after[1]!.path).toBe("direct");

    networks.forward(false);
    // A path that has died in silence is found out by its silence.
    await expect
      .poll(() => ask(networks), { interval: 1_100, timeout: 60_000 })
      .toEqual({ text: "Hello world", path: "relay" });
  },
);
