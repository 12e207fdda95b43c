/** The units, judged by systemd's own tool and read line by line. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pathOf, programs } from "../../../tools/services/programs.ts";
import { limits } from "../../protocol/limits.ts";
import { specOf } from "./service.fixture.ts";
import { servicePaths, serviceRoles, type ServiceScope, type ServiceSpec } from "./service.ts";
import { systemdUnit } from "./systemd-unit.ts";
import { environmentLine } from "./systemd-words.ts";

function analyze(spec: ServiceSpec, ...words: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "troop-unit-"));
  try {
    const file = join(folder, spec.paths.name);
    writeFileSync(file, systemdUnit(spec));
    const scope = spec.scope === "user" ? ["--user"] : [];
    // A user's own manager looks for its folder there; a locale that is not installed would be complained of.
    const env = { ...process.env, XDG_RUNTIME_DIR: folder, LC_ALL: "C" };
    return spawnSync(pathOf(programs.systemd), [...scope, ...words, file], {
      env,
      encoding: "utf8",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const every = serviceRoles.flatMap((role) =>
  (["system", "user"] as ServiceScope[]).map((scope) => ({ role, scope })),
);
const secretFiles = { DATABASE_URL: "/etc/a folder/100%" };
const words = ["--model", "/models/a $HOME %h \"b\" 'c' \\d.gguf"];

test.each(every)("systemd has nothing to say against the $scope's $role", ({ role, scope }) => {
  for (const hasNamespaces of [true, false]) {
    const told = analyze(
      specOf(role, scope, { words, secretFiles, hasNamespaces }),
      "verify",
      "--man=no",
    );
    expect(told).toMatchObject({ status: 0, stdout: "", stderr: "" });
  }
});

test("a folder of settings with blanks and signs in its name is understood", () => {
  const configFolder = '/home/ann/my 100% "config"';
  const paths = servicePaths("systemd", "worker", "user", { home: "/home/ann", configFolder });
  const spec = specOf("worker", "user", { paths });
  expect(analyze(spec, "verify", "--man=no")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  const line = lines(spec).find((found) => found.startsWith("EnvironmentFile="));
  expect(line?.slice("EnvironmentFile=".length).replaceAll("%%", "%")).toBe(paths.environment);
});

test("a unit that systemd does not understand is found", () => {
  const spec = specOf("worker", "system");
  const paths = { ...spec.paths, name: "troop-worker.wrong" };
  expect(analyze({ ...spec, paths }, "verify").status).not.toBe(0);
});

test.each(every)("the exposure of the $scope's $role is 3.0 at most", ({ role, scope }) => {
  const told = analyze(
    specOf(role, scope),
    "security",
    "--offline=true",
    "--threshold=30",
    "--no-pager",
  );
  expect(told.stderr).toBe("");
  expect(told.stdout).toMatch(/Overall exposure level for .*: [0-2]\.\d OK/);
  expect(told.status).toBe(0);
});

const lines = (spec: ServiceSpec) => systemdUnit(spec).split("\n");

test("there is time to drain, and only the role is told to", () => {
  const found = lines(specOf("worker", "system"));
  const stop = found.find((line) => line.startsWith("TimeoutStopSec="));
  expect(Number(stop?.split("=")[1]) * 1_000).toBeGreaterThan(limits.drainMs);
  expect(found).toContain("KillMode=mixed");
});

test("it starts again after a failure, later each time where systemd knows how, but not with a wrong setting", () => {
  const older = lines(specOf("worker", "user"));
  expect(older).toEqual(expect.arrayContaining(["Restart=on-failure", "RestartSec=15"]));
  const newer = lines(specOf("worker", "user", { systemdVersion: 254 }));
  expect(newer).toEqual(expect.arrayContaining(["RestartSteps=8", "RestartMaxDelaySec=300"]));
  for (const unit of [older, newer]) {
    expect(unit).toContain("RestartPreventExitStatus=2");
    expect(unit).toContain("StartLimitIntervalSec=0");
  }
});

test("no setting stands in the unit, which everybody may read, or on a command line", () => {
  const settings = { TROOP_API_KEY: "geheim" };
  for (const { role, scope } of every)
    expect(systemdUnit(specOf(role, scope, { settings }))).not.toContain("geheim");
});

test("files of secrets are handed to a system's service by its manager, and by name to a user's", () => {
  expect(lines(specOf("coordinator", "system", { secretFiles }))).toEqual(
    expect.arrayContaining([
      "LoadCredential=DATABASE_URL:/etc/a folder/100%%",
      "Environment=DATABASE_URL_FILE=%d/DATABASE_URL",
    ]),
  );
  expect(lines(specOf("coordinator", "user", { secretFiles })).join()).not.toContain("Credential");
});

test("a worker reaches GPUs and sees other programs, nobody else does", () => {
  const worker = lines(specOf("worker", "system"));
  expect(worker).toEqual(
    expect.arrayContaining(["DeviceAllow=char-nvidia* rw", "SupplementaryGroups=render"]),
  );
  expect(worker.join()).not.toMatch(/PrivateDevices|ProtectProc/);
  for (const role of ["coordinator", "up"] as const)
    expect(lines(specOf(role, "system"))).toContain("PrivateDevices=yes");
});

test("words reach the role as they were typed", () => {
  const unit = systemdUnit(specOf("worker", "system", { words }));
  const line = unit.split("\n").find((found) => found.startsWith("ExecStart="))!;
  expect(line).toContain(String.raw`--model "/models/a $$HOME %%h \"b\" 'c' \\d.gguf"`);
});

test("settings reach the role as they are", () => {
  // A shell reads such a line as systemd does.
  const value = `a "b" $HOME \`id\` \\ 'c' #d`;
  const text = execFileSync("sh", ["-c", `${environmentLine("X", value)}; printf %s "$X"`]);
  expect(text.toString()).toBe(value);
});
