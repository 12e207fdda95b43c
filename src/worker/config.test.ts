import { describe, expect, test } from "vitest";
import { readWorkerConfig } from "./config.ts";
import { readEngineSettings } from "./engines/config.ts";
import { announcedHosts, listenCandidates } from "./listen-address.ts";

const loopback = "http://127.0.0.1:8000";
const remote = "https://coordinator.example";
const invalid = (param: string) =>
  expect.objectContaining({ code: "configuration_invalid", param }) as Error;

test("settings have the defaults of the documentation", () => {
  expect(readWorkerConfig({ COORDINATOR_URL: `${loopback}/`, DATA_DIR: "/data" })).toMatchObject({
    ...{ coordinatorUrl: loopback, dataFolder: "/data", listen: undefined, slots: undefined },
    ...{ heartbeatMs: 10_000, modelRefreshMs: 180_000, relays: [] },
    engines: readEngineSettings({}),
  });
});

test("the environment is read, and what is given beside it wins", () => {
  const environment = {
    ...{ COORDINATOR_URL: remote, HEARTBEAT_INTERVAL: "20", MODEL_REFRESH_INTERVAL: "60" },
    ...{ WORKER_LISTEN: "100.64.0.9:9999" },
  };
  expect(readWorkerConfig(environment)).toMatchObject({
    ...{ coordinatorUrl: remote, heartbeatMs: 20_000, modelRefreshMs: 60_000 },
    listen: { host: "100.64.0.9", port: 9_999 },
  });
  const listen = { host: "127.0.0.1", port: 0 };
  expect(readWorkerConfig(environment, { coordinatorUrl: loopback, listen })).toMatchObject({
    ...{ coordinatorUrl: loopback, listen },
  });
});

test("a port alone is meant where peers can reach it", () => {
  expect(readWorkerConfig({ COORDINATOR_URL: loopback, WORKER_LISTEN: "9999" }).listen).toEqual({
    ...{ host: "127.0.0.1", port: 9_999 },
  });
});

test.each([
  [{}, "COORDINATOR_URL"],
  [{ COORDINATOR_URL: "coordinator" }, "COORDINATOR_URL"],
  [{ COORDINATOR_URL: "http://coordinator.example" }, "COORDINATOR_URL"],
  [{ COORDINATOR_URL: "http://8.8.8.8" }, "COORDINATOR_URL"],
  [{ COORDINATOR_URL: "https://me:secret@coordinator.example" }, "COORDINATOR_URL"],
  [{ COORDINATOR_URL: loopback, WORKER_LISTEN: "nowhere" }, "WORKER_LISTEN"],
  [{ COORDINATOR_URL: loopback, WORKER_LISTEN: "127.0.0.1:70000" }, "WORKER_LISTEN"],
  [{ COORDINATOR_URL: loopback, HEARTBEAT_INTERVAL: "0" }, "HEARTBEAT_INTERVAL"],
])("%j is refused, naming %s", (environment, param) => {
  expect(() => readWorkerConfig(environment)).toThrow(invalid(param));
});

test.each([
  "http://10.0.0.1:8000",
  "http://100.64.0.1:8000",
  "http://[::1]:8000",
  "http://localhost:1",
])("%s may do without https", (url) => {
  expect(readWorkerConfig({ COORDINATOR_URL: url }).coordinatorUrl).toBe(url);
});

test.each([
  [{ COORDINATOR_URL: loopback }, []],
  [{ COORDINATOR_URL: remote }, [remote]],
  [{ COORDINATOR_URL: remote, RELAYS: "off" }, []],
  [
    { COORDINATOR_URL: loopback, RELAYS: "https://a.example/, http://10.0.0.1:1" },
    ["https://a.example", "http://10.0.0.1:1"],
  ],
])("%j dials out to %j", (environment, relays) => {
  expect(readWorkerConfig(environment).relays).toEqual(relays);
});

test("a relay is held to the rules of a coordinator's URL", () => {
  const relayed = (RELAYS: string) => () => readWorkerConfig({ COORDINATOR_URL: loopback, RELAYS });
  expect(relayed("http://relay.example")).toThrow(invalid("RELAYS"));
  expect(relayed("https://me@relay.example")).toThrow(invalid("RELAYS"));
});

describe("the worker listens", () => {
  const mesh = ["127.0.0.1", "192.168.1.7", "100.64.0.9"];

  test("beside a loopback coordinator on loopback, from port 8080 to any free one", () => {
    const candidates = listenCandidates(loopback, undefined, mesh);
    expect(candidates[0]).toEqual({ host: "127.0.0.1", port: 8_080 });
    expect(candidates[1]).toEqual({ host: "127.0.0.1", port: 8_081 });
    expect(candidates.at(-1)).toEqual({ host: "127.0.0.1", port: 0 });
    expect(announcedHosts(candidates[0]!)).toEqual([]);
  });

  test("else on the mesh, and says so", () => {
    const [first] = listenCandidates(remote, undefined, mesh);
    expect(first).toEqual({ host: "100.64.0.9", port: 8_080 });
    expect(announcedHosts(first!)).toEqual(["100.64.0.9"]);
  });

  test("on this machine alone where it is in no mesh and behind a relay, and says so", () => {
    const [first] = listenCandidates(remote, undefined, ["192.168.1.7"], undefined, true);
    expect(first).toEqual({ host: "127.0.0.1", port: 8_080 });
    expect(announcedHosts(first!, remote)).toEqual(["127.0.0.1"]);
    expect(announcedHosts(first!, loopback)).toEqual([]);
  });

  test("on nothing else than what it was told", () => {
    const asked = { host: "100.64.0.9", port: 5 };
    expect(listenCandidates(loopback, asked, mesh)).toEqual([asked]);
  });

  test.each(["192.168.1.7", "8.8.8.8", "2001:db8::7"])("on %s where its owner says so", (host) => {
    const asked = { host, port: 5 };
    expect(listenCandidates(remote, asked, mesh)).toEqual([asked]);
    expect(announcedHosts(asked, remote)).toEqual([host]);
  });

  test.each(["0.0.0.0", "::", "::ffff:0.0.0.0"])(
    "on %s too, and leaves it to the coordinator to see where that is",
    (host) => {
      const asked = { host, port: 5 };
      expect(listenCandidates(remote, asked, mesh)).toEqual([asked]);
      expect(announcedHosts(asked, remote)).toEqual([]);
    },
  );

  test("on loopback for a coordinator elsewhere where a relay leads to it", () => {
    const asked = { host: "127.0.0.1", port: 5 };
    expect(listenCandidates(remote, asked, mesh, undefined, true)).toEqual([asked]);
    expect(announcedHosts(asked, remote)).toEqual(["127.0.0.1"]);
  });

  test("not where the mesh is known of but has no interface: all of it would come from loopback", () => {
    const userSpace = { kind: "mesh", addresses: ["100.64.0.9"], via: "tailscale" } as const;
    expect(() => listenCandidates(remote, undefined, ["127.0.0.1"], userSpace)).toThrow(
      /user space/,
    );
  });

  test.each([
    ["on no address at all where the machine is in no mesh", undefined, ["127.0.0.1", "10.0.0.1"]],
    [
      "not on loopback for a coordinator elsewhere, without a relay",
      { host: "127.0.0.1", port: 1 },
      mesh,
    ],
  ])("%s", (_name, asked, own) => {
    expect(() => listenCandidates(remote, asked, own)).toThrow(invalid("WORKER_LISTEN"));
  });
});
