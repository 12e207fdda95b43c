/** `troop mesh join` and `status` with a fake `tailscale` on the PATH: as real processes, and the refusals in this one. */
import { chmod, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { typeTroop } from "../src/cli/command-line.fixture.ts";
import { ipText, loginServer, refusals, statusTexts } from "../src/host/mesh/tailscale.fixture.ts";
import { expectFailure } from "./support/failure.ts";
import { createFakeTailscale, type Told } from "./support/fake-tailscale.ts";
import { fresh, joinCases, type JoinCase, key, member } from "./support/mesh-join-cases.ts";
import {
  createFolder,
  type Exit,
  lastObject,
  plainEnvironment,
  runTroop,
} from "./support/processes.ts";

type Run = (words: string[], environment: NodeJS.ProcessEnv) => Promise<Exit>;

const asProcess: Run = (words, environment) => runTroop(words, { environment });

/** A process takes a second to start; what a command prints when it refuses is the same without one. */
const here: Run = async (words, environment) => ({
  ...(await typeTroop(words, environment)),
  signal: null,
});

/** Runs `troop mesh join` and makes sure that the key got nowhere. */
async function joinWith(
  { answers, words = [], mode = 0o600, text = `${key}\n` }: JoinCase,
  run: Run = asProcess,
) {
  await using data = await createFolder();
  const file = join(data.path, "mesh.key");
  await writeFile(file, text);
  await chmod(file, mode);
  await using fake = await createFakeTailscale(answers ?? {});
  const given = ["--login-server", `${loginServer}/`, "--auth-key-file", file];
  const path = answers ? [fake.folder, plainEnvironment()["PATH"]].join(delimiter) : data.path;
  const environment = { PATH: path, DATA_DIR: data.path, LOG_LEVEL: "trace" };
  const exit = await run(["mesh", "join", "--json", ...given, ...words], environment);
  const seen = await fake.seen();
  expect(seen + exit.stdout + exit.stderr).not.toContain("secret");
  return { exit, file, calls: await fake.calls(), seen };
}

const words = (file: string, ...more: string[]) =>
  [`up --login-server=${loginServer} --auth-key=file:${file}`, ...more, "--timeout=60s"].join(" ");

describe("troop mesh join", { timeout: 60_000 }, () => {
  test("joins, and tailscale is told where the key is and not what it is", async () => {
    const answers = { ...fresh, up: {}, ip: { stdout: ipText } };
    const { exit, file, calls, seen } = await joinWith({
      answers,
      words: ["--hostname", "gpu-box"],
    });
    expect(exit).toMatchObject({ code: 0, stderr: "" });
    expect(lastObject(exit)).toMatchObject({
      ...{ joined: true, already: false, login_server: loginServer, mesh: { kind: "mesh" } },
    });
    expect(calls.slice(0, 2)).toEqual([
      "status --json --peers=false",
      words(file, "--hostname=gpu-box"),
    ]);
    // What was searched for the key holds what it should.
    expect(seen).toContain("DATA_DIR=");
    expect(seen).toContain(file);
  });

  test("--dry-run prints the command and runs nothing, installed or not", async () => {
    const { exit, file, calls } = await joinWith({ answers: {}, words: ["--dry-run"] });
    expect(lastObject(exit)).toEqual({ dry_run: true, command: `tailscale ${words(file)}` });
    expect(calls).toEqual([]);
    expect((await joinWith({ words: ["--dry-run"] })).exit.code).toBe(0);
  });

  test("a machine that is in this mesh already stays as it is", async () => {
    const { exit, calls } = await joinWith({ answers: { ...member, ip: { stdout: ipText } } });
    expect(lastObject(exit)).toMatchObject({ joined: true, already: true });
    expect(calls.some((call) => call.startsWith("up"))).toBe(false);
  });

  test("one that has left this mesh for now is brought back", async () => {
    const answers = { ...member, status: { stdout: statusTexts.stopped }, up: {} };
    expect(lastObject((await joinWith({ answers })).exit)).toMatchObject({ already: false });
  });

  test.each(joinCases)("says what to do where $where", async ({ given, expected }) => {
    expectFailure((await joinWith(given, here)).exit, expected);
  });
});

describe("troop mesh status", { timeout: 60_000 }, () => {
  test.each([
    ["joined", { ...member, ip: { stdout: ipText } }, "Running", loginServer],
    ["logged out", fresh, "NeedsLogin", null],
    ["not running", { status: { stderr: refusals.noDaemon, code: 1 } }, "silent", null],
    ["not installed", undefined, "missing", null],
  ] as [string, Record<string, Told> | undefined, string, string | null][])(
    "%s",
    async (_name, answers, state, server) => {
      await using data = await createFolder();
      await using fake = await createFakeTailscale(answers ?? {});
      const PATH = answers ? [fake.folder, plainEnvironment()["PATH"]].join(delimiter) : data.path;
      const exit = await runTroop(["mesh", "status", "--json", "--data", data.path], {
        environment: { PATH },
      });
      expect(exit).toMatchObject({ code: 0, stderr: "" });
      expect(lastObject(exit)).toMatchObject({ tailscale: state, login_server: server });
    },
  );
});
