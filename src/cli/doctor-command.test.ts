/** `troop doctor` as people type it, on a machine whose data folder they have in their hands. */
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../base/clock.ts";
import { packageVersion } from "../host/package.ts";
import { createMachine, type Machine } from "./command-line.fixture.ts";
import { lookAtExposure } from "./commands/doctor/exposure.ts";

/** Ports at which nothing of this machine's own answers. */
const quiet = Object.fromEntries(
  ["OLLAMA_HOST", "VLLM_HOST", "LM_STUDIO_HOST", "LLAMA_SERVER_HOST", "SGLANG_HOST"].map((name) => [
    name,
    "127.0.0.1:9",
  ]),
);
const nobody = "http://127.0.0.1:9";
const machine = (coordinator = nobody) =>
  createMachine(coordinator, { ...quiet, PROXY_PORT: "9", LISTEN: "127.0.0.1:9" });

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

test("a setting of the file that nothing reads is found, and said by each role that starts", async () => {
  using here = createMachine(nobody, { ...quiet, LOG_LEVEL: "warn" });
  const lines = ["SPEND_DAILY=4", "SPEND_DAYLY=5", "TROOP_API_KEY_FILE=/k", "NODE_ENV=x", "SPEND="];
  // For the engine, its GPU's driver and npm.
  lines.push("GGML_VK_VISIBLE_DEVICES=1", "CUDA_VISIBLE_DEVICES=0", "HTTPS_PROXY=http://p:1");
  lines.push("npm_config_registry=https://r.example/");
  writeFileSync(join(here.folder, "settings.env"), lines.join("\n"), { mode: 0o600 });
  const { json } = await here.troop("doctor", "--json");
  const unread = (json.findings as { code: string; run: string }[]).flatMap(({ code, run }) =>
    code === "setting_unknown" ? [run.split(" ")[2]] : [],
  );
  expect(new Set(unread)).toEqual(new Set(["SPEND_DAYLY", "NODE_ENV"]));

  writeFileSync(join(here.folder, "settings.env"), "SPEND_DAYLY=5", { mode: 0o600 });
  await here.troop("up");
  expect((await here.troopAlone("logs")).stdout).toMatch(/warn.*no settings.*SPEND_DAYLY/);
});

/** Answers `GET /health` as a coordinator does. */
async function startCoordinator(version: string, aheadMs: number) {
  const body = JSON.stringify({ status: "ok", service: "monkey-troop-coordinator", version });
  const server = createHttpServer((_request, response) => {
    response.setHeader("troop-time", String(Date.now() + aheadMs));
    response.setHeader("content-type", "application/json").end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

test.each([
  [packageVersion, 0, ["account_none", "engine_none"], 0],
  [packageVersion, 120_000, ["clock_far_off", "account_none", "engine_none"], 0],
  ["9.0.0", 0, ["coordinator_other_version", "account_none", "engine_none"], 1],
])("a coordinator of version %s, %i ms ahead, gives %j", async (version, aheadMs, codes, code) => {
  await using coordinator = await startCoordinator(version, aheadMs);
  using here = machine(coordinator.url);
  expect(await findings(here)).toMatchObject({ code, codes });
});

test("an engine that listens everywhere is seen at other addresses, one on this machine is not", async () => {
  const engine = createServer((socket) => socket.destroy());
  for (const [host, expected] of [
    ["0.0.0.0", ["127.0.0.2"]],
    ["127.0.0.1", []],
  ] as const) {
    engine.listen(0, host);
    await once(engine, "listening");
    const origin = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    // Another address of this machine, at which Linux answers for all of 127.0.0.0/8.
    const desk = {
      engines: { engines: [], locked: [{ origin }] },
      context: { clock: systemClock },
    };
    const [found] = await lookAtExposure(desk as never, ["127.0.0.2"]);
    expect(found?.addresses).toEqual(expected);
    engine.close();
    await once(engine, "close");
  }
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
  writeFileSync(join(here.folder, "account.json"), "{}", { mode: 0o600 });
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

test.each([
  ["holds nothing of ours", 0o755, "notes.txt", "data_folder_not_ours"],
  ["everybody may write to", 0o1777, "worker.running.json", "data_folder_shared"],
])("--fix leaves a folder alone that %s", async (_which, mode, name, code) => {
  using here = machine();
  const file = join(here.folder, name);
  const gone = { url: nobody, pid: 1, coordinator: nobody };
  writeFileSync(file, JSON.stringify(gone));
  chmodSync(file, 0o644);
  chmodSync(here.folder, mode);
  const told = await findings(here, "--fix");
  expect(told.codes).toContain(code);
  expect(told.mended).toEqual([]);
  expect([statSync(file).mode & 0o7777, statSync(here.folder).mode & 0o7777]).toEqual([
    0o644,
    mode,
  ]);
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
  const { port } = server.address() as AddressInfo;
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
