import { createServer, type Server } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { createLocalApi } from "./local-api.ts";
import { detectMesh, type MeshSources, watchMesh } from "./mesh.ts";
import type { CommandOutcome } from "./tailscale-command.ts";
import { ipText, refusals, statusTexts } from "./tailscale.fixture.ts";
import { statusIn } from "./tailscale-output.ts";

const home = ["127.0.0.1", "::1", "192.168.1.7", "100.128.0.1"];
const printed = (stdout: string, code = 0): CommandOutcome => ({
  ...{ kind: "ended", code, stdout, stderr: "" },
});

/** Sources that say this, and note who was asked. */
function sources(own: string[], told: CommandOutcome, status?: string) {
  const asked: string[] = [];
  const found: MeshSources = {
    interfaces: () => own,
    tailscale: (words) => {
      asked.push(words.join(" "));
      return Promise.resolve(told);
    },
    localApi: () => {
      asked.push("socket");
      return Promise.resolve(status === undefined ? undefined : statusIn(status));
    },
  };
  return { asked, found };
}

const missing: CommandOutcome = { kind: "missing" };
const name = "gpu-box.club.example";

describe("a machine is in the mesh", () => {
  test.each([
    ["by an IPv4 interface", ["100.64.0.9"]],
    ["by an IPv6 interface", ["fd7a:115c:a1e0:ab12::9"]],
    ["by both", ["100.127.255.254", "fd7a:115c:a1e0::9"]],
  ])("%s, and nobody is asked", async (_name, addresses) => {
    const { found, asked } = sources([...home, ...addresses], missing);
    expect(await detectMesh(found)).toEqual({ kind: "mesh", addresses, via: "interface" });
    expect(asked).toEqual([]);
  });

  test("by what `tailscale ip -4` prints", async () => {
    const { found, asked } = sources(home, printed(ipText));
    const addresses = ["100.64.0.9"];
    expect(await detectMesh(found)).toEqual({ kind: "mesh", addresses, via: "tailscale" });
    expect(asked).toEqual(["ip -4", "socket"]);
  });

  test("by what tailscaled's socket says, where there is no command line", async () => {
    const { found } = sources(home, missing, statusTexts.running);
    const addresses = ["100.64.0.9", "fd7a:115c:a1e0::9"];
    expect(await detectMesh(found)).toEqual({ kind: "mesh", addresses, name, via: "local-api" });
  });

  test("under the name that the socket gives, where both answer", async () => {
    const { found } = sources(home, printed(ipText), statusTexts.running);
    expect(await detectMesh(found)).toMatchObject({ via: "tailscale", name });
  });
});

test.each([
  ["nobody knows of one", missing, undefined],
  ["the command line fails", printed(ipText, 1), undefined],
  ["the command line does not end", { kind: "failed", reason: "no end after 3 s" }, undefined],
  ["it prints something else", printed(refusals.noAddress), undefined],
  ["nobody has logged in", printed(refusals.noAddress, 1), statusTexts.loggedOut],
  ["it was left for now, though its address is still printed", printed(ipText), statusTexts.stopped], // prettier-ignore
  ["the operator has not let it in yet", missing, statusTexts.waiting],
] as const)("a machine is in no mesh where %s", async (_name, told, status) => {
  expect(await detectMesh(sources(home, told, status).found)).toEqual({ kind: "none" });
});

test("a role that runs follows the interfaces: joined later, left, and found in user space", () => {
  let own = home;
  const late = watchMesh({ kind: "none" }, () => own);
  const early = watchMesh({ kind: "mesh", addresses: ["100.64.0.9"], via: "interface" }, () => own);
  const userSpace = watchMesh({ kind: "mesh", addresses: ["100.64.0.9"], via: "tailscale" }, () => own); // prettier-ignore
  expect([late().kind, early().kind, userSpace().kind]).toEqual(["none", "none", "mesh"]);
  own = [...home, "100.64.0.10"];
  for (const mesh of [late, early, userSpace])
    expect(mesh()).toEqual({ kind: "mesh", addresses: ["100.64.0.10"], via: "interface" });
});

describe("tailscaled's socket", () => {
  const folder = mkdtempSync(join(tmpdir(), "troop-mesh-"));
  const path = join(folder, "tailscaled.sock");
  let answer = { status: 200, text: statusTexts.running };
  const asked: (string | undefined)[] = [];
  let server: Server;
  beforeAll(async () => {
    server = createServer(({ method, url, headers }, response) => {
      asked.push(method, url, headers.host);
      response.writeHead(answer.status).end(answer.text);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(path, resolve);
    await promise;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("is asked as its documentation says", async () => {
    expect(await createLocalApi(path, systemClock)()).toMatchObject({ state: "Running", name });
    expect(asked).toEqual(["GET", "/localapi/v0/status?peers=false", "local-tailscaled.sock"]);
  });

  test.each([
    ["a refusal", 403, statusTexts.running],
    ["a page", 200, "<html>"],
    ["more than is read", 200, `{"BackendState":"Running","x":"${"x".repeat(300_000)}"}`],
  ])("that gives %s says nothing", async (_name, status, text) => {
    answer = { status, text };
    expect(await createLocalApi(path, systemClock)()).toBeUndefined();
  });

  test("that is missing says nothing", async () => {
    expect(await createLocalApi(join(folder, "none.sock"), systemClock)()).toBeUndefined();
  });
});
