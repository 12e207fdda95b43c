import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { packageFolder } from "../package.ts";
import { closedToOthers } from "./readable-by-all.ts";
import { serviceRoles } from "./service.ts";
import { carriedSettings, settingNames } from "./settings.ts";

const example = readFileSync(join(packageFolder, ".env.example"), "utf8");

test("each role takes what it reads, and no role what another reads", () => {
  const of = (role: "worker" | "coordinator" | "up") => settingNames(example, role);
  expect(of("worker")).toEqual(
    expect.arrayContaining(["COORDINATOR_URL", "OLLAMA_HOST", "LOG_LEVEL"]),
  );
  expect(of("worker")).not.toContain("DATABASE_URL");
  expect(of("coordinator")).toEqual(expect.arrayContaining(["DATABASE_URL", "RECEIPT_SECRET"]));
  expect(of("coordinator")).not.toContain("TROOP_API_KEY");
  expect(of("up")).toEqual(expect.arrayContaining(["COORDINATOR_URL", "TROOP_API_KEY"]));
  for (const role of ["worker", "coordinator", "up"] as const)
    for (const name of ["DATA_DIR", "TROOP_ADMIN_PASSWORD"]) expect(of(role)).not.toContain(name);
});

test("there is no setting that no role takes, but for folders, a relay's own and an operator's password", () => {
  const taken = new Set(serviceRoles.flatMap((role) => settingNames(example, role)));
  const all = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);
  const left = all.filter((name) => !taken.has(name));
  expect(
    left.filter((name) => !/^(DATA_DIR|NO_COLOR|XDG_|RELAY_|TROOP_ADMIN_)/.test(name)),
  ).toEqual([]);
});

test("a secret in a file is carried by the file's name, and wins as it does for the role", () => {
  const environment = { DATABASE_URL: "a", DATABASE_URL_FILE: "/secret", LISTEN: "", OTHER: "b" };
  expect(carriedSettings(environment, ["DATABASE_URL", "LISTEN"])).toEqual({
    ...{ settings: {}, secretFiles: { DATABASE_URL: "/secret" } },
  });
});

test("files are carried from the root on: a service starts elsewhere", () => {
  const environment = { DATABASE_URL_FILE: "secret", NODE_EXTRA_CA_CERTS: "ca.pem", LISTEN: "a" };
  const names = ["DATABASE_URL", "NODE_EXTRA_CA_CERTS", "LISTEN"];
  expect(carriedSettings(environment, names)).toEqual({
    settings: { NODE_EXTRA_CA_CERTS: resolve("ca.pem"), LISTEN: "a" },
    secretFiles: { DATABASE_URL: resolve("secret") },
  });
});

test("a value that would end its line is refused", () => {
  expect(() => carriedSettings({ LISTEN: "a\nROOT=yes" }, ["LISTEN"])).toThrow(/LISTEN/);
});

test("the place is named where somebody else would not get past", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "troop-open-")));
  // What lies around it is the machine's, and may be shut.
  const modeOf = (path: string) => (path.startsWith(folder) ? statSync(path).mode : 0o755);
  try {
    const file = join(folder, "shut", "file");
    mkdirSync(join(folder, "shut"));
    writeFileSync(file, "");
    // Not at their making, where whoever runs this may take bits away by their umask.
    for (const path of [folder, join(folder, "shut")]) chmodSync(path, 0o755);
    chmodSync(file, 0o644);
    expect(closedToOthers(file, modeOf)).toBeUndefined();
    chmodSync(file, 0o600);
    expect(closedToOthers(file, modeOf)).toBe(file);
    chmodSync(join(folder, "shut"), 0o700);
    expect(closedToOthers(file, modeOf)).toBe(join(folder, "shut"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
