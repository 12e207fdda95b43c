/** Coding agents, unchanged, ask through the network however `troop launch` points them there. */
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { leaveRunFile } from "../../src/host/run-file.ts";
import { installPinned } from "../../tools/pinned-packages.ts";
import { startNetwork } from "../network.ts";
import { plainText } from "../support/fake-engine/script.ts";
import { plainEnvironment, runTroop, startProgram } from "../support/processes.ts";
import { makeWorkplace } from "./agent.ts";

const words = {
  codex: ["exec", "--skip-git-repo-check", "What is a ticket?"],
  opencode: ["run", "What is a ticket?"],
};
const settings = { codex: "config/codex/config.toml", opencode: "config/opencode/opencode.json" };

test.each(["codex", "opencode"] as const)("%s, started and set up", async (tool) => {
  const packages = await installPinned(import.meta.dirname, "test-agents", {
    say: (text) => console.error(text),
  });
  const programs = [
    join(packages, "node_modules", `opencode-${process.platform}-${process.arch}`, "bin"),
    join(packages, "node_modules", ".bin"),
  ];
  await using network = await startNetwork({
    script: plainText("A", " promise", " of", " credits."),
  });
  await using place = await makeWorkplace({});
  const { home, project: folder } = place;
  const environment = {
    ...plainEnvironment(),
    PATH: [...programs, process.env["PATH"]].join(delimiter),
    ...{ HOME: home, DATA_DIR: join(home, "data"), XDG_CONFIG_HOME: join(home, "config") },
    ...{ CODEX_HOME: join(home, "config/codex"), XDG_CACHE_HOME: join(home, "cache") },
  };
  for (const made of ["data", "config/codex"]) await mkdir(join(home, made), { recursive: true });
  const { url } = network.sidecar;
  using _note = leaveRunFile(join(home, "data"), "client", { url, pid: 1, coordinator: url });

  const started = await runTroop(["launch", tool, "--", ...words[tool]], { folder, environment });
  expect({ code: started.code, stderr: started.stderr }).toMatchObject({ code: 0 });
  expect(started.stdout).toContain("A promise of credits.");

  // opencode begins a file of settings by itself.
  const file = join(home, settings[tool]);
  const before = existsSync(file) ? await readFile(file, "utf8") : undefined;
  expect((await runTroop(["launch", tool, "--config"], { folder, environment })).code).toBe(0);
  const alone = await startProgram(tool, words[tool], { folder, environment }).ended;
  expect(alone).toMatchObject({ code: 0 });
  expect(alone.stdout).toContain("A promise of credits.");

  await runTroop(["launch", tool, "--restore"], { folder, environment });
  expect(existsSync(file) ? await readFile(file, "utf8") : undefined).toBe(before);
});
