/** What a command prints that cannot start: one reason with its code, one cause, one command to run; and how it exits. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectFailure } from "./support/failure.ts";
import { createFolder, holdPort, runTroop, startTroop } from "./support/processes.ts";
import { noCoordinator, startUpCases } from "./support/start-up-cases.ts";

/** Nothing here needs longer than a slow machine's start of Node, npm and an embedded database. */
const boundMs = 60_000;
describe("one reason, one cause, one command to run", { timeout: boundMs }, () => {
  test.each(startUpCases)("$name", async ({ words, environment = {}, files = {}, ...expected }) => {
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
  });

  test.each(["coordinator", "up", "worker", "demo"])("%s, on a taken port", async (command) => {
    await using data = await createFolder();
    await using holder = await holdPort();
    await using answers = await startServer(200, noModels);
    const isAlone = command === "coordinator" || command === "demo";
    await using coordinator = isAlone ? undefined : await startCoordinator();
    const words = coordinator ? ["--coordinator", coordinator.url] : [];
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
  });

  test("a server that is no coordinator", async () => {
    await using server = await startServer(404, "<h1>no</h1>");
    const { url } = server;
    await using data = await createFolder();
    for (const command of ["up", "worker", "models"]) {
      const exit = await runTroop([command, "--json", "--coordinator", url, "--data", data.path]);
      expectFailure(exit, {
        ...{ code: "coordinator_unreachable", exit: 3 },
        says: /answered 404, and not as a coordinator does/,
        run: new RegExp(`^curl ${url}/health$`),
      });
    }
  });

  test.each(["coordinator", "up", "balance"])(
    "%s, where the data folder is a file",
    async (command) => {
      await using folder = await createFolder();
      const file = join(folder.path, "file");
      await writeFile(file, "");
      const words = command === "coordinator" ? ["--port", "0"] : noCoordinator;
      expectFailure(await runTroop([command, "--json", ...words, "--data", file]), {
        ...{ code: "data_folder_invalid", exit: 1, says: /is not a folder/ },
        run: new RegExp(`^troop ${command} --json .* --data ~/monkey-troop$`),
      });
    },
  );

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
  const server = createServer((_, response) => response.writeHead(status).end(body));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function startCoordinator(dataFolder?: string) {
  const folder = dataFolder === undefined ? await createFolder() : undefined;
  const path = dataFolder ?? folder!.path;
  const running = startTroop(["coordinator", "--port", "0", "--data", path]);
  const [, url] = await running.line(/ready at (http:\S+)/);
  return {
    url: url!,
    async [Symbol.asyncDispose]() {
      await running.end();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

test("a second process on one data folder", { timeout: 2 * boundMs }, async () => {
  await using data = await createFolder();
  await using coordinator = await startCoordinator(data.path);
  const shared = ["--json", "--data", data.path];
  await using up = startTroop(["up", ...shared, "--port", "0"]);
  await up.line(/"base_url"/);
  await using engine = await startServer(200, noModels);
  await using worker = startTroop(["worker", ...shared, "--engine", engine.url, "--port", "0"]);
  await worker.line(/"node_id"/);

  const again = [
    ["coordinator", ...shared, "--port", "0"],
    ["up", ...shared, "--coordinator", coordinator.url, "--port", "0"],
    ["worker", ...shared, "--engine", engine.url, "--port", "0"],
  ];
  for (const words of again) {
    expectFailure(await runTroop(words), {
      ...{
        code: "data_folder_locked",
        exit: 1,
        says: /Another (coordinator|client|worker) already/,
      },
      run: new RegExp(`^troop status --data ${data.path}$`),
    });
  }
});
