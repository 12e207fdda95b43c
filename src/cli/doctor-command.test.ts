/** `troop doctor` as people type it, on a machine whose data folder they have in their hands. */
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createMachine, type Machine } from "./command-line.fixture.ts";

/** Ports at which nothing of this machine's own answers. */
const quiet = Object.fromEntries(
  ["OLLAMA_HOST", "VLLM_HOST", "LM_STUDIO_HOST", "LLAMA_SERVER_HOST", "SGLANG_HOST"].map((name) => [
    name,
    "127.0.0.1:9",
  ]),
);
const nobody = "http://127.0.0.1:9";
const machine = () => createMachine(nobody, { ...quiet, PROXY_PORT: "9", LISTEN: "127.0.0.1:9" });

async function findings(here: Machine, ...words: string[]) {
  const { json, code, stderr } = await here.troop("doctor", "--json", ...words);
  const codes = (json.findings as { code: string; level: string }[])
    .filter(({ level }) => level !== "ok")
    .map((finding) => finding.code);
  return { code, stderr, codes, mended: json.mended as string[] };
}

test("a coordinator that does not answer is a problem, and ends the command with 1", async () => {
  using here = machine();
  const told = await findings(here);
  expect(told.code).toBe(1);
  expect(told.codes).toEqual(["coordinator_unreachable", "account_none", "engine_none"]);
});

test("for people each finding is a line, and what mends it another", async () => {
  using here = machine();
  const { stdout, code } = await here.troopAlone("doctor");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^warning {2}coordinator +Which coordinator\?.*\n +try: troop doctor/m);
  expect(stdout).toMatch(/0 problems, \d warnings\./);
  // It looks, and makes nothing.
  expect(existsSync(join(here.folder, "account.key.json"))).toBe(false);
});

test("--fix shuts what others could read, says so, and leaves nothing to find", async () => {
  using here = machine();
  const key = join(here.folder, "client", "key.json");
  mkdirSync(join(here.folder, "client"));
  writeFileSync(key, "{}");
  chmodSync(key, 0o644);
  chmodSync(here.folder, 0o755);
  expect((await findings(here)).codes).toContain("data_folder_open");
  expect(statSync(key).mode & 0o777).toBe(0o644);
  const told = await findings(here, "--fix");
  expect(told.codes).not.toContain("data_folder_open");
  expect([statSync(key).mode & 0o777, statSync(here.folder).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(told.stderr).toContain(`chmod 600 ${key}`);
  expect(told.mended).toContain(`chmod 700 ${here.folder}`);
});

test("--fix makes a folder that is missing", async () => {
  using here = machine();
  rmSync(here.folder, { recursive: true });
  expect((await findings(here)).codes).toContain("data_folder_missing");
  expect(existsSync(here.folder)).toBe(false);
  expect((await findings(here, "--fix")).codes).not.toContain("data_folder_missing");
  expect(statSync(here.folder).mode & 0o777).toBe(0o700);
});

test("--fix removes what a killed worker left, and nothing of one that runs", async () => {
  using here = machine();
  const note = join(here.folder, "worker.running.json");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const leave = (at: number) =>
    writeFileSync(
      note,
      JSON.stringify({ url: `http://127.0.0.1:${at}`, pid: 1, coordinator: nobody }),
      { mode: 0o600 },
    );
  leave(port);
  expect((await findings(here, "--fix")).codes).not.toContain("left_behind");
  expect(existsSync(note)).toBe(true);
  server.close();
  await once(server, "close");
  expect((await findings(here)).codes).toContain("left_behind");
  expect((await findings(here, "--fix")).codes).not.toContain("left_behind");
  expect(existsSync(note)).toBe(false);
});
