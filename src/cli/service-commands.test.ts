/** `troop service` by the commands that people type, with a systemd that writes down what it is told. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { serviceRoles } from "../host/service/service.ts";
import { createMachine } from "./command-line.fixture.ts";
import { fileFlags } from "./commands/service/role-words.ts";
import { checkPlace } from "./commands/service/spec.ts";

const coordinator = "http://127.0.0.1:9";
const node = "n".repeat(43);

/** A folder that stands for the user's settings, and a `systemctl` first on the PATH. */
function createDesk(answers: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "troop-service-"));
  const said = { "is-system-running": "running", ...answers };
  const cases = Object.entries(said).map(
    ([word, text]) =>
      `*" ${word}"*) printf '${text}'; exit $([ -z '${text}' ] && echo 1 || echo 0);;`,
  );
  const script = `#!/bin/sh\necho "$(basename "$0") $*" >> ${folder}/calls\ncase " $* " in ${cases.join(" ")} esac\n`;
  for (const name of ["systemctl", "systemd-run"]) {
    writeFileSync(join(folder, name), script);
    chmodSync(join(folder, name), 0o700);
  }
  const config = join(folder, "config");
  const machine = createMachine(coordinator, {
    PATH: [folder, process.env["PATH"]].join(delimiter),
    XDG_CONFIG_HOME: config,
    TROOP_API_KEY: "geheim",
    RECEIPT_SECRET: "not the client's",
    ...{ SPEND_HOURLY: "5", ONLY_NODES: node, MAX_PRICE: "0.5" },
  });
  return {
    ...machine,
    unit: join(config, "systemd", "user", "troop-up.service"),
    settings: join(config, "monkey-troop", "up.env"),
    files: () =>
      readdirSync(config, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      ),
    calls: () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n"),
    [Symbol.dispose]() {
      machine[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

test("an installed role has a unit, and its settings in a file for its owner only", async () => {
  using desk = createDesk();
  const told = await desk.troop("service", "install", "up", "--user", "--json");
  expect(told).toMatchObject({ code: 0, json: { role: "up", scope: "user", dry_run: false } });
  expect(statSync(desk.settings).mode & 0o777).toBe(0o600);
  const settings = readFileSync(desk.settings, "utf8");
  expect(settings).toContain(`TROOP_API_KEY="geheim"`);
  expect(settings).toContain(`COORDINATOR_URL="${coordinator}"`);
  expect(settings).not.toContain("RECEIPT_SECRET");
  expect(readFileSync(desk.unit, "utf8")).not.toContain("geheim");
  expect(desk.calls().slice(-3)).toEqual([
    "systemctl --user daemon-reload",
    "systemctl --user enable troop-up.service",
    "systemctl --user restart troop-up.service",
  ]);
  expect(desk.calls().join()).not.toContain("geheim");
});

test("it takes along what the role was told, by the shell and by the folder's settings, and says what", async () => {
  using desk = createDesk();
  writeFileSync(join(desk.folder, "settings.env"), "SPEND_DAILY=20\nLEND_TO=own\n", {
    mode: 0o600,
  });
  const told = await desk.troop("service", "install", "up", "--user", "--json");
  const names = ["COORDINATOR_URL", "LOG_LEVEL", "MAX_PRICE", "ONLY_NODES", "SPEND_DAILY"];
  const settings = [...names, "SPEND_HOURLY", "TROOP_API_KEY"];
  expect(told.json.settings).toEqual(settings);
  const file = readFileSync(desk.settings, "utf8");
  for (const line of ['SPEND_HOURLY="5"', 'SPEND_DAILY="20"', `ONLY_NODES="${node}"`])
    expect(file).toContain(line);
  expect(readFileSync(desk.unit, "utf8")).not.toMatch(/SPEND|ONLY|geheim/);
  const plain = await desk.troop("service", "install", "up", "--user");
  expect(plain.stdout).toContain(`Settings that it takes along: ${settings.join(", ")}`);
});

test("what was installed is removed to the last file, and data stays", async () => {
  using desk = createDesk();
  await desk.troop("service", "install", "up", "--user");
  writeFileSync(join(desk.folder, "account.key.json"), "{}");
  const told = await desk.troopAlone("service", "uninstall", "up", "--user", "--json");
  expect(told).toMatchObject({ code: 0, json: { removed: true } });
  expect(desk.files()).toEqual([]);
  expect(existsSync(join(desk.folder, "account.key.json"))).toBe(true);
  expect(desk.calls()).toContain("systemctl --user disable --now troop-up.service");
  const again = await desk.troopAlone("service", "uninstall", "up", "--user", "--json");
  expect(again).toMatchObject({ code: 0, json: { removed: false } });
});

test("a dry run shows everything but secrets, and does nothing", async () => {
  using desk = createDesk();
  const told = await desk.troop("service", "install", "up", "--user", "--dry-run");
  expect(told.code).toBe(0);
  for (const shown of [
    "[Service]",
    desk.unit,
    desk.settings,
    "systemctl --user enable troop-up.service",
  ])
    expect(told.stdout).toContain(shown);
  expect(told.stdout).not.toContain("geheim");
  expect(existsSync(desk.unit)).toBe(false);
  expect(desk.calls().join()).not.toMatch(/enable|restart|daemon-reload/);
});

test("where a user may not have namespaces the unit asks for none", async () => {
  using desk = createDesk({ "PrivateUsers=yes": "" });
  await desk.troop("service", "install", "up", "--user");
  expect(readFileSync(desk.unit, "utf8")).not.toMatch(/Protect|Private/);
});

test("the role's own flags reach it, an invitation and our own do not", async () => {
  using desk = createDesk();
  const install = ["service", "install", "up", "--user", "--coordinator", coordinator, "--"];
  expect((await desk.troopAlone(...install, "--port", "9100")).code).toBe(0);
  expect(readFileSync(desk.unit, "utf8")).toMatch(/troop\.mjs up --port 9100$/m);
  for (const words of [["--invite", "code"], ["--data=/x"], ["serve"]])
    expect((await desk.troopAlone(...install, ...words)).code).toBe(2);
});

test.each([
  [["--model", "model.gguf"], `--model ${resolve("model.gguf")}`],
  [["--model=models/a.gguf"], `--model=${resolve("models/a.gguf")}`],
  [["--model", "/models/a.gguf", "--port", "1"], "--model /models/a.gguf --port 1"],
])("a model's file is named from the root on: %j", async (words, expected) => {
  using desk = createDesk();
  const install = ["service", "install", "worker", "--user", "--coordinator", coordinator, "--"];
  expect((await desk.troopAlone(...install, ...words)).code).toBe(0);
  const unit = readFileSync(desk.unit.replace("up.service", "worker.service"), "utf8");
  expect(/troop\.mjs worker (.*)$/m.exec(unit)?.[1]).toBe(expected);
});

test.each(serviceRoles)("every flag of %s that takes a file is known to be one", async (role) => {
  using desk = createDesk();
  const { stdout } = await desk.troopAlone(role, "--help");
  const taking = [...stdout.matchAll(/(--[a-z-]+) <[^>]*(?:file|folder|path)[^>]*>/g)];
  expect(taking.map(([, flag]) => flag).filter((flag) => flag !== "--data")).toEqual(
    fileFlags[role],
  );
});

test.each([
  [["service", "install", "nobody"], 2, /no role "nobody"/],
  [["service", "install", "up", "--user", "--system"], 2, /--user/],
  [["service"], 2, /One of these has to follow: install/],
])("%s is refused with a reason", async (words, code, reason) => {
  using desk = createDesk();
  const told = await desk.troopAlone(...words);
  expect(told.code).toBe(code);
  expect(told.stderr).toMatch(reason);
});

test("without systemd nothing is written, and what would be is a flag away", async () => {
  using desk = createDesk({ "is-system-running": "offline" });
  const told = await desk.troop("service", "install", "up", "--user", "--json");
  expect(told).toMatchObject({ code: 1, json: { error: { code: "service_failed" } } });
  expect(told.json.error.run).toContain("--dry-run");
  expect(existsSync(desk.unit)).toBe(false);
});

test("a unit that does not start ends the command, which says where the reason is", async () => {
  using desk = createDesk({ restart: "" });
  const told = await desk.troop("service", "install", "up", "--user", "--json");
  expect(told).toMatchObject({ code: 1, json: { error: { code: "service_failed" } } });
  expect(told.json.error.run).toBe("journalctl --user-unit troop-up.service --lines 20 --no-pager");
});

test("no service is made of a program that npm may remove at any time", () => {
  expect(() => checkPlace("/home/ann/.npm/_npx/1a2b/node_modules/monkey-troop")).toThrow(/npx/);
  expect(() => checkPlace("/usr/lib/node_modules/monkey-troop")).not.toThrow();
});

test("the state of a service is read from its manager", async () => {
  const lines = [
    "ActiveState=failed",
    "MainPID=0",
    "NRestarts=4",
    "UnitFileState=enabled",
    "ExecMainStatus=2",
  ];
  using desk = createDesk({ show: lines.join("\\n") });
  expect((await desk.troopAlone("service", "status", "--user", "--json")).json.services).toEqual(
    [],
  );
  await desk.troop("service", "install", "up", "--user");
  const { json } = await desk.troopAlone("service", "status", "--user", "--json");
  expect(json.services).toEqual([
    ...[
      {
        role: "up",
        scope: "user",
        name: "troop-up.service",
        state: "failed",
        enabled: true,
        pid: null,
        restarts: 4,
        exit_code: 2,
      },
    ],
  ]);
  expect((await desk.troopAlone("service", "status", "--user")).stdout).toContain(
    "failed (ended with 2)",
  );
});
