/** What a command prints that cannot start: one reason with its code, one cause, one command to run; and how it exits. */
import { readdirSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectFailure } from "./support/failure.ts";
import { createFolder, holdPort, runTroop, startTroop } from "./support/processes.ts";
import { noCoordinator, startUpCases } from "./support/start-up-cases.ts";

/** Nothing here needs longer than a slow machine's start of Node, npm and an embedded database. */
const boundMs = 60_000;

/** One for all: it is its embedded database that takes long to start. */
const shared = new AsyncDisposableStack();
let coordinator: { url: string; folder: string };
beforeAll(async () => {
  const { path } = shared.use(await createFolder());
  const running = shared.use(startTroop(["coordinator", "--port", "0", "--data", path]));
  const [, url] = await running.line(/ready at (http:\S+)/);
  coordinator = { url: url!, folder: path };
});
afterAll(() => shared.disposeAsync());

describe("one reason, one cause, one command to run", { timeout: boundMs }, () => {
  test.concurrent.each(startUpCases)(
    "$name",
    async ({ words, environment = {}, files = {}, ...expected }) => {
      await using data = await createFolder();
      for (const [path, { text, mode = 0o600 }] of Object.entries(files)) {
        const file = join(data.path, path);
        await mkdir(join(file, ".."), { recursive: true });
        await writeFile(file, text);
        await chmod(file, mode);
      }
      const exit = await runTroop([words[0]!, "--json", ...words.slice(1)], {
        environment: { ...environment, DATA_DIR: data.path },
      });
      expectFailure(exit, expected);
      expect(exit.stderr + exit.stdout).not.toContain("secret");
    },
  );

  const roles = ["coordinator", "up", "worker", "demo"];
  test.each(roles)("%s, on a taken port, before anything heavy starts", async (command) => {
    await using data = await createFolder();
    await using holder = await holdPort();
    await using answers = await startServer(200, noModels);
    const isAlone = command === "coordinator" || command === "demo";
    const words = isAlone ? [] : ["--coordinator", coordinator.url];
    if (command === "worker") words.push("--engine", answers.url);
    const exit = await runTroop(
      [command, "--json", ...words, "--port", String(holder.port), "--data", data.path],
      {},
    );
    expectFailure(exit, {
      ...{ code: "port_taken", exit: 1 },
      says: new RegExp(`Port ${holder.port} is taken by .+ \\(pid ${process.pid}\\)`),
      run: new RegExp(`^troop ${command} --json .*--data ${data.path} --port ${holder.port + 1}$`),
    });
    // No database, and no engine that would load a model.
    const made = readdirSync(data.path, { recursive: true });
    expect(made.filter((path) => /\bdb$/.test(String(path)))).toEqual([]);
    expect(answers.asked()).toBe(0);
    expect(exit.stderr).not.toContain("Starting");
  });

  test("a server that is no coordinator", async () => {
    await using server = await startServer(404, "<h1>no</h1>");
    const { url } = server;
    await using data = await createFolder();
    const exits = ["up", "worker", "models"].map((command) =>
      runTroop([command, "--json", "--coordinator", url, "--data", data.path]),
    );
    for (const exit of await Promise.all(exits))
      expectFailure(exit, {
        ...{ code: "coordinator_unreachable", exit: 3 },
        says: /answered 404, and not as a coordinator does/,
        run: new RegExp(`^curl ${url}/health$`),
      });
  });

  test.concurrent.each([
    ["coordinator", "writable", "~"],
    ["up", "writable", "~"],
    ["balance", "a file too", "\\."],
  ])("%s, where the data folder is a file, and home is %s", async (command, home, place) => {
    await using folder = await createFolder();
    const file = join(folder.path, "file");
    await writeFile(file, "");
    const words = command === "coordinator" ? ["--port", "0"] : noCoordinator;
    const exit = await runTroop([command, "--json", ...words, "--data", file], {
      environment: { HOME: home === "writable" ? folder.path : file },
      folder: folder.path,
    });
    expectFailure(exit, {
      ...{ code: "data_folder_invalid", exit: 1, says: /is not a folder/ },
      run: new RegExp(`^troop ${command} --json .* --data ${place}/monkey-troop$`),
    });
  });

  test("the built-in engine, at its first start without a network", async () => {
    await using cache = await createFolder();
    const exit = await runTroop(["demo", "--json", "--ask", "What is a ticket?"], {
      environment: {
        XDG_CACHE_HOME: cache.path,
        npm_config_cache: join(cache.path, "npm"),
        npm_config_registry: "http://127.0.0.1:9/",
      },
    });
    expectFailure(exit, {
      ...{ code: "engine_unavailable", exit: 1, run: /^npm ping$/ },
      says: /registry cannot be reached.*ECONNREFUSED/,
    });
  });
});

const noModels = `{"object":"list","data":[]}`;

/** Answers everything alike. */
async function startServer(status: number, body: string) {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(status).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("a second process on one data folder", { timeout: 2 * boundMs }, async () => {
  const { folder, url } = coordinator;
  const given = ["--json", "--data", folder];
  await using engine = await startServer(200, noModels);
  const lending = ["worker", ...given, "--engine", engine.url, "--port", "0"];
  await using up = startTroop(["up", ...given, "--port", "0"]);
  await using worker = startTroop(lending);
  const [, base] = await up.line(/"base_url":"([^"]+)"/);
  await worker.line(/"node_id"/);

  const again: [role: string, words: string[], says: RegExp][] = [
    [
      "coordinator",
      ["coordinator", ...given, "--port", new URL(url).port],
      new RegExp(`the coordinator runs here already: ${url}, pid \\d+`),
    ],
    [
      "client",
      ["up", ...given, "--coordinator", url, "--port", "0"],
      new RegExp(`the local API runs here already: .* can use it as it is: ${base}$`),
    ],
    ["worker", lending, /the worker runs here already: http/],
  ];
  const exits = await Promise.all(again.map(([, words]) => runTroop(words)));
  for (const [index, [role, , says]] of again.entries())
    expectFailure(exits[index]!, {
      ...{ code: "data_folder_locked", exit: 1, says },
      run: new RegExp(
        `^troop down ${role} --data ${folder} {4}\\(or a second one: --data \\S+\\)$`,
      ),
    });
});
