/** What each check says of a machine that is well and of one that is not. Nothing here is looked at: facts go in. */
import { expect, test } from "vitest";
import { judgeAccount } from "./account.ts";
import { judgeClock } from "./clock.ts";
import { judgeCoordinator } from "./coordinator.ts";
import { judgeDisks } from "./disk.ts";
import { judgeEngines } from "./engines.ts";
import { judgeExposure } from "./exposure.ts";
import { type CheckName, checkNames, type Found } from "./finding.ts";
import { judgeGpus } from "./gpu.ts";
import { judgeMesh } from "./mesh.ts";
import { judgeNode } from "./node.ts";
import { judgePermissions } from "./permissions.ts";
import type { Entry } from "./place.ts";
import { judgePorts } from "./ports.ts";
import { judgeRoles } from "./roles.ts";
import { judgeSettings } from "./settings.ts";

const url = "http://127.0.0.1:8000";
const answers = { kind: "answers", url, version: "0.1.7", isStopping: false, aheadMs: 0 } as const;
const away = { kind: "away", url, reason: "connect ECONNREFUSED" } as const;
const gib = 1_024 ** 3;
const ended = (code: number, stdout: string, stderr = "") => ({
  kind: "ended" as const,
  code,
  stdout,
  stderr,
});
const nvidia = { maker: "NVIDIA", tool: "nvidia-smi", hasDevice: true } as const;
const me = 1_000;
const entry = (path: string, mode: number, owner = me): Entry => ({
  ...{ path, mode, owner },
  kind: "file",
});
const judgeFolder = (entries: Entry[]) =>
  judgePermissions({ folder: "/data", entries, place: "ours", userId: me });
const note = "/data/worker.running.json";
const disk = (freeBytes: number) => [{ what: "data" as const, path: "/data", freeBytes }];
const ollama = { type: "ollama", origin: "http://127.0.0.1:11434" };
const exposed = (...addresses: string[]) => [{ type: "ollama", port: 11_434, addresses }];

/** Each check, what it finds, and by which command it says that is mended. */
const cases: [CheckName, Found[], string, RegExp?][] = [
  ["node", judgeNode("v24.1.0"), "ok node_supported"],
  ["node", judgeNode("v22.18.0"), "ok node_supported"],
  ["node", judgeNode("v22.17.9"), "problem node_too_old", /nodejs\.org/],
  ["node", judgeNode("v25.0.0"), "warning node_short_lived", /nodejs\.org/],
  ["clock", judgeClock({ ...answers, aheadMs: 900 }), "ok clock_agrees"],
  ["clock", judgeClock(away), "ok clock_not_compared"],
  ["clock", judgeClock({ ...answers, aheadMs: 9_000 }), "warning clock_off", /set-ntp|sntp/],
  ["clock", judgeClock({ ...answers, aheadMs: -120_000 }), "warning clock_far_off", /set-ntp|sntp/],
  ["coordinator", judgeCoordinator(answers, "0.1.0"), "ok coordinator_answers"],
  [
    "coordinator",
    judgeCoordinator(answers, "0.2.0"),
    "problem coordinator_other_version",
    /@0\.1$/,
  ],
  ["coordinator", judgeCoordinator(away, "0.1.0"), "problem coordinator_unreachable", /^curl /],
  [
    "coordinator",
    judgeCoordinator({ kind: "unnamed", reason: "Which?" }, "0.1.0"),
    "warning coordinator_unnamed",
    /--coordinator/,
  ],
  [
    "coordinator",
    judgeCoordinator({ ...answers, isStopping: true }, "0.1.0"),
    "warning coordinator_stopping",
    /status/,
  ],
  ["account", judgeAccount({ kind: "known", id: "a", available: "1.0" }), "ok account_known"],
  ["account", judgeAccount({ kind: "not asked", id: "a" }), "ok account_here"],
  ["account", judgeAccount({ kind: "none" }), "warning account_none", /troop up/],
  [
    "account",
    judgeAccount({ kind: "refused", id: "a", code: "account_unknown", reason: "" }),
    "warning account_unknown",
    /troop up/,
  ],
  [
    "account",
    judgeAccount({ kind: "refused", id: "a", code: "invalid_proof", reason: "no" }),
    "problem account_refused",
    /account show/,
  ],
  [
    "account",
    judgeAccount({ kind: "unreadable", reason: "open", run: "chmod 600 x" }),
    "problem account_unreadable",
    /chmod/,
  ],
  [
    "engines",
    judgeEngines({ engines: [{ ...ollama, models: 2 }], locked: [], lent: 0 }),
    "ok engine_found",
  ],
  [
    "engines",
    judgeEngines({ engines: [{ ...ollama, models: 0 }], locked: [], lent: 0 }),
    "warning engine_empty",
    /ollama pull/,
  ],
  [
    "engines",
    judgeEngines({ engines: [{ ...ollama, models: undefined }], locked: [], lent: 0 }),
    "warning engine_silent",
    /curl/,
  ],
  [
    "engines",
    judgeEngines({ engines: [], locked: [url], lent: 0 }),
    "warning engine_locked",
    /worker --help/,
  ],
  [
    "engines",
    judgeEngines({ engines: [], locked: [], lent: 0 }),
    "warning engine_none",
    /troop worker --model/,
  ],
  ["engines", judgeEngines({ engines: [], locked: [], lent: 1 }), "ok engine_lent"],
  ["exposure", judgeExposure(exposed()), "ok engines_private"],
  [
    "exposure",
    judgeExposure(exposed("192.168.1.4")),
    "warning engine_open_to_network",
    /OLLAMA_HOST=127\.0\.0\.1/,
  ],
  [
    "exposure",
    judgeExposure(exposed("100.64.0.9", "203.0.113.4")),
    "problem engine_open_to_world",
    /OLLAMA_HOST/,
  ],
  ["gpu", judgeGpus([{ ...nvidia, outcome: ended(0, "RTX 3060\n") }]), "ok gpu_works"],
  [
    "gpu",
    judgeGpus([{ ...nvidia, hasDevice: false, outcome: { kind: "missing" } }]),
    "ok gpu_none",
  ],
  [
    "gpu",
    judgeGpus([{ ...nvidia, outcome: { kind: "missing" } }]),
    "warning gpu_tool_missing",
    /nvidia/,
  ],
  [
    "gpu",
    judgeGpus([{ ...nvidia, outcome: ended(9, "NVIDIA-SMI has failed\n") }]),
    "problem gpu_tool_fails",
    /modprobe nvidia/,
  ],
  ["mesh", judgeMesh({ kind: "none" }, answers), "ok mesh_none"],
  [
    "mesh",
    judgeMesh({ kind: "mesh", addresses: ["100.64.0.9"], via: "interface" }, answers),
    "ok mesh_joined",
  ],
  [
    "mesh",
    judgeMesh({ kind: "none" }, { ...away, url: "http://100.64.0.1:8000" }),
    "problem mesh_needed",
    /mesh join/,
  ],
  ["disk", judgeDisks(disk(2 * gib)), "ok disk_free"],
  ["disk", judgeDisks(disk(gib - 1)), "warning disk_low", /df -h/],
  ["disk", judgeDisks(disk(1_000)), "problem disk_full", /df -h/],
  [
    "permissions",
    judgeFolder([entry("/data", 0o700), entry("/data/k", 0o600)]),
    "ok data_folder_private",
  ],
  [
    "permissions",
    judgeFolder([entry("/data", 0o755), entry("/data/k", 0o600)]),
    "problem data_folder_open",
    /chmod -R go= \/data/,
  ],
  [
    "permissions",
    judgeFolder([entry("/data", 0o700), entry("/data/k", 0o644)]),
    "ok data_folder_private",
  ],
  [
    "permissions",
    judgeFolder([entry("/data", 0o700, 1)]),
    "problem data_folder_foreign",
    /sudo chown/,
  ],
  ["permissions", judgeFolder([]), "warning data_folder_missing", /mkdir/],
  ["settings", judgeSettings("/s", []), "ok settings_known"],
  ["settings", judgeSettings("/s", ["SPENT"]), "warning setting_unknown", /^grep -n SPENT \/s$/],
  ["ports", judgePorts([{ port: 9_000, command: "up", state: { kind: "free" } }]), "ok ports_free"],
  ["ports", judgePorts([{ port: 9_000, command: "up", state: { kind: "ours" } }]), "ok ports_free"],
  [
    "ports",
    judgePorts([{ port: 9_000, command: "up", state: { kind: "taken", holder: "nginx (pid 8)" } }]),
    "warning port_taken",
    /up --port 9001/,
  ],
  [
    "roles",
    judgeRoles({ roles: [{ role: "worker", state: "running", note }], staleSocket: undefined }),
    "ok roles_running",
  ],
  ["roles", judgeRoles({ roles: [], staleSocket: undefined }), "ok roles_none"],
  [
    "roles",
    judgeRoles({ roles: [{ role: "worker", state: "left a note", note }], staleSocket: undefined }),
    "warning left_behind",
    /^rm /,
  ],
  [
    "roles",
    judgeRoles({ roles: [], staleSocket: "/data/worker/worker.sock" }),
    "warning left_behind",
    /^rm .*worker\.sock/,
  ],
];

test.each(cases)("%s: %j is %s", (_check, found, expected, run) => {
  const worst = found.find(({ level }) => level !== "ok") ?? found[0]!;
  expect(`${worst.level} ${worst.code}`).toBe(expected);
  if (run) expect(worst.run).toMatch(run);
  // Whoever is well is told to do nothing; everybody else gets one line to type.
  for (const { level, run: said = "" } of found) {
    expect(said === "").toBe(level === "ok");
    expect(said).not.toContain("\n");
  }
});

test("every check is shown well and broken", () => {
  for (const name of checkNames) {
    const levels = cases
      .filter(([check]) => check === name)
      .map(([, , expected]) => expected.split(" ")[0]);
    expect({ name, isOk: levels.includes("ok") }).toEqual({ name, isOk: true });
    expect({ name, isBroken: levels.some((level) => level !== "ok") }).toEqual({
      name,
      isBroken: true,
    });
  }
});
