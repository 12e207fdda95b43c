/** What launchd is told. It was never tried on a real Mac: the list follows launchd.plist(5). */
import { expect, test } from "vitest";
import { launchdPlist } from "./launchd-plist.ts";
import { planInstall, planUninstall } from "./plan.ts";
import { specOf } from "./service.fixture.ts";
import { servicePaths } from "./service.ts";
import { readLaunchdState } from "./state.ts";

const paths = servicePaths("launchd", "worker", "user", { home: "/Users/ann", configFolder: "" });
const spec = specOf("worker", "user", { paths, settings: { TROOP_API_KEY: "a<b>&c" } });

test("the property list holds the settings, so only its owner reads it", () => {
  const steps = planInstall("launchd", spec, 501);
  const write = steps.find((step) => step.kind === "write");
  expect(write).toMatchObject({ path: paths.definition, mode: 0o600 });
  expect(write?.text).toContain("<key>TROOP_API_KEY</key>\n    <string>a&lt;b&gt;&amp;c</string>");
  expect(steps.at(-1)).toMatchObject({
    command: [
      "launchctl",
      "bootstrap",
      "gui/501",
      "/Users/ann/Library/LaunchAgents/monkey-troop.worker.plist",
    ],
  });
});

test("it starts again after a failure only, and has time to drain", () => {
  const text = launchdPlist(spec).replaceAll(/\s*\n\s*/g, "");
  expect(text).toContain("<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>");
  expect(text).toContain("<key>ExitTimeOut</key><integer>330</integer>");
  expect(text).toContain("<key>Umask</key><integer>63</integer>");
});

test("every element that is opened is closed, in order", () => {
  const open: string[] = [];
  for (const [, slash, name, empty] of launchdPlist(spec).matchAll(/<(\/?)([a-z]+)[^>?]*?(\/?)>/g))
    if (slash) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name!);
  expect(open).toEqual([]);
});

test("uninstalling stops it and removes the list", () => {
  expect(planUninstall("launchd", { scope: "user", paths }, 501)).toEqual([
    {
      kind: "run",
      command: ["launchctl", "bootout", "gui/501/monkey-troop.worker"],
      mayFail: true,
    },
    { kind: "remove", path: paths.definition },
  ]);
});

test.each([
  [undefined, { state: "stopped", isEnabled: false }],
  [
    "gui/501/x = {\n\tstate = running\n\tpid = 71\n\tlast exit code = 1\n}",
    { state: "running", pid: 71 },
  ],
  [
    "gui/501/x = {\n\tstate = not running\n\tlast exit code = 3\n}",
    { state: "failed", exitCode: 3 },
  ],
])("what it prints is read: %j", (text, expected) => {
  expect(readLaunchdState(text)).toMatchObject(expected);
});
