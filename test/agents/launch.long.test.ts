/** Coding agents, unchanged, ask through the network however `troop launch` points them there. */
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leaveRunFile } from "../../src/host/run-file.ts";
import { startNetwork } from "../network.ts";
import { plainText } from "../support/fake-engine/script.ts";
import { plainEnvironment, runTroop } from "../support/processes.ts";
import { agentPath, makeWorkplace, runAgent } from "./agent.ts";

const asked = "What is a ticket?";

test.each([
  ["claude", "claude", ["-p", asked], ".claude/settings.json"],
  ["codex", "codex", ["exec", "--skip-git-repo-check", asked], ".codex/config.toml"],
  ["opencode", "opencode", ["run", asked], "config/opencode/opencode.json"],
  ["qwen", "qwen", ["-p", asked], ".qwen/settings.json"],
  ["pi", "pi", ["-p", "--model", "troop/test-model", asked], ".pi/agent/models.json"],
  ["continue", "cn", ["-p", asked], ".continue/config.yaml"],
])("%s, started and set up", async (tool, program, words, settings) => {
  await using network = await startNetwork({
    script: plainText("A", " promise", " of", " credits."),
  });
  await using place = await makeWorkplace({});
  const { home, project: folder } = place;
  const own = { DATA_DIR: join(home, "data"), XDG_CONFIG_HOME: join(home, "config") };
  const environment = {
    ...{ ...plainEnvironment(), ...own, PATH: await agentPath(), HOME: home },
    ...{ CODEX_HOME: join(home, ".codex"), XDG_CACHE_HOME: join(home, "cache") },
  };
  for (const made of ["data", ".codex"]) await mkdir(join(home, made), { recursive: true });
  const { url } = network.sidecar;
  using _note = leaveRunFile(join(home, "data"), "client", { url, pid: 1, coordinator: url });

  const started = await runTroop(["launch", tool, "--", ...words], { folder, environment });
  expect({ code: started.code, stderr: started.stderr }).toMatchObject({ code: 0 });
  expect(started.stdout).toContain("A promise of credits.");

  // Some begin a file of settings by themselves.
  const file = join(home, settings);
  const before = existsSync(file) ? await readFile(file, "utf8") : undefined;
  expect((await runTroop(["launch", tool, "--config"], { folder, environment })).code).toBe(0);
  const alone = await runAgent(place, program, words, own);
  expect(alone).toMatchObject({ code: 0 });
  expect(alone.stdout).toContain("A promise of credits.");

  await runTroop(["launch", tool, "--restore"], { folder, environment });
  expect(existsSync(file) ? await readFile(file, "utf8") : undefined).toBe(before);
});
