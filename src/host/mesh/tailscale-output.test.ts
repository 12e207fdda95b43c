import { describe, expect, test } from "vitest";
import { installCommand, startCommand } from "./tailscale-advice.ts";
import { ipText, prefsText, refusals, statusTexts } from "./tailscale.fixture.ts";
import { addressesIn, loginServerIn, statusIn } from "./tailscale-output.ts";

describe("`tailscale ip -4`", () => {
  test.each([
    ["an address", ipText, ["100.64.0.9"]],
    ["two, with the line ends of Windows", "100.64.0.9\r\n100.127.255.254\r\n", ["100.64.0.9", "100.127.255.254"]], // prettier-ignore
    ["nothing", "", []],
    ["an address outside the mesh's range", "100.128.0.1\n", []],
    ["a private address", "192.168.1.9\n", []],
    ["an IPv6 address", "fd7a:115c:a1e0::9\n", []],
    ["a sentence", refusals.noAddress, []],
    ["a warning before the address", `Warning: client version is old\n${ipText}`, []],
    ["an address and a word", "100.64.0.9 gpu-box\n", []],
    ["an address with leading zeros", "100.064.0.9\n", []],
    ["more addresses than a machine has", "100.64.0.9\n".repeat(17), []],
  ])("%s", (_name, printed, addresses) => {
    expect(addressesIn(printed)).toEqual(addresses);
  });
});

describe("a status", () => {
  test.each([
    ["running", "Running", true, 2],
    ["stopped", "Stopped", true, 2],
    ["waiting", "NeedsMachineAuth", true, 0],
    ["loggedOut", "NeedsLogin", false, 0],
  ] as const)("%s", (name, state, isMember, addresses) => {
    const status = statusIn(statusTexts[name]);
    expect(status).toMatchObject({ state, isMember });
    expect(status?.addresses).toHaveLength(addresses);
  });

  test("names the machine as the mesh does, else as it calls itself", () => {
    expect(statusIn(statusTexts.running)?.name).toBe("gpu-box.club.example");
    expect(statusIn(statusTexts.loggedOut)?.name).toBe("gpu-box");
  });

  test("of an old version, that does not say whether it has a key, is a member's by its state", () => {
    const old = statusTexts.stopped.replace('"HaveNodeKey":true,', "");
    expect(old).not.toContain("HaveNodeKey");
    expect(statusIn(old)?.isMember).toBe(true);
  });

  test("with an expired key is still a member's", () => {
    const expired = statusTexts.stopped.replace("Stopped", "NeedsLogin");
    expect(statusIn(expired)).toMatchObject({ state: "NeedsLogin", isMember: true });
  });

  test("keeps no address from outside the mesh, and no name that a terminal would obey", () => {
    const odd = { BackendState: "Running", TailscaleIPs: ["8.8.8.8", "100.64.0.9", "x"] };
    expect(statusIn(JSON.stringify({ ...odd, Self: { HostName: "a\u001b[2Jb" } }))).toEqual({
      ...{ state: "Running", isMember: true, addresses: ["100.64.0.9"] },
    });
  });

  test.each([
    ["nothing", ""],
    ["a sentence", refusals.noDaemon],
    ["half of one", statusTexts.running.slice(0, 200)],
    ["one with a line before it", `Warning: old client\n${statusTexts.running}`],
    ["an array", "[]"],
    ["null", "null"],
    ["a state that is not documented", '{"BackendState":"Dreaming"}'],
    ["addresses that are no list", '{"BackendState":"Running","TailscaleIPs":"100.64.0.9"}'],
  ])("%s is none", (_name, text) => {
    expect(statusIn(text)).toBeUndefined();
  });
});

test.each([
  [prefsText(), "https://headscale.example"],
  [prefsText(""), undefined],
  ["{}", undefined],
  ["unknown command: debug\n", undefined],
])("the control server in %j is %s", (text, server) => {
  expect(loginServerIn(text)).toBe(server);
});

test.each([
  ["linux", "ID=debian\n", /install\.sh/, /systemctl enable --now tailscaled/],
  ["linux", 'NAME="Fedora Linux"\nID=fedora\n', /^sudo dnf install tailscale$/, /systemctl/],
  ["linux", 'VERSION_ID=3.22\nID="alpine"\n', /^sudo apk add tailscale$/, /rc-service/],
  ["linux", "", /install\.sh/, /systemctl/],
  ["darwin", "", /^brew install tailscale$/, /brew services start/],
  ["win32", "", /^winget install/, /sc\.exe start/],
] as const)("on %s with %j there is a command to install and one to start", (os, osRelease, install, start) => {
  expect(installCommand({ os, osRelease })).toMatch(install);
  expect(startCommand({ os, osRelease })).toMatch(start);
}); // prettier-ignore
