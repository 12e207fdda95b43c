/** What `troop down` leaves to others: services, and roles that there are none of. */
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { leaveRunFile } from "../host/run-file.ts";
import { createMachine, typeTroop } from "./command-line.fixture.ts";

const url = "http://127.0.0.1:9";

test.runIf(process.platform === "linux")(
  "a role that systemd runs is not ended: it would start again",
  async () => {
    const tools = mkdtempSync(join(tmpdir(), "troop-down-"));
    const answers = `case "$*" in *is-system-running*) echo running;; *show*) printf 'ActiveState=active\\nMainPID=${process.pid}\\n';; esac`;
    writeFileSync(join(tools, "systemctl"), `#!/bin/sh\n${answers}\n`);
    chmodSync(join(tools, "systemctl"), 0o700);
    using machine = createMachine(url, {
      PATH: [tools, process.env["PATH"]].join(delimiter),
      XDG_CONFIG_HOME: join(tools, "config"),
    });
    expect((await machine.troop("service", "install", "up", "--user")).code).toBe(0);
    // This very process stands for the service's: a signal to it would be noticed.
    using _note = leaveRunFile(machine.folder, "client", {
      url,
      pid: process.pid,
      coordinator: url,
    });
    const told = await machine.troopAlone("down", "--json");
    expect(told.code).toBe(1);
    expect(told.json.error).toMatchObject({
      code: "not_ours_to_end",
      run: "systemctl --user stop troop-up.service",
    });
  },
);

test("a role that there is none of is a mistake, and one that does not run is none", async () => {
  using machine = createMachine(url);
  expect(await machine.troopAlone("down", "relay")).toMatchObject({ code: 2 });
  const told = await machine.troopAlone("down", "up", "worker", "--json");
  expect(told).toMatchObject({ code: 0, json: { stopped: [] } });
  expect((await machine.troopAlone("down", "up")).stdout).toBe(
    "Here does not run: the local API.\n",
  );
});

test("a folder that was named from here is told as it is named from anywhere", async () => {
  const { stderr } = await typeTroop(["down", "--data", "no-such-folder"], {});
  expect(stderr).toBe(`Looked in ${resolve("no-such-folder")}. Another folder: --data <folder>\n`);
});
