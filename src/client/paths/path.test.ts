import { expect, test } from "vitest";
import { createPathsTo } from "./path.ts";

const node_id = "n".repeat(43);
const pathsTo = createPathsTo(() => ({ coordinatorUrl: "http://127.0.0.1:8000", networks: [] }));

test("this machine comes before the mesh, the mesh before other addresses, a relay last", () => {
  const paths = pathsTo({
    node_id,
    addresses: [
      "192.168.1.2:8080",
      "100.64.3.4:8080",
      "8.8.8.8:8080",
      "[fd7a:115c:a1e0::1]:8080",
      "127.0.0.1:8080",
    ],
    relay: ["https://relay.example", "https://other.example:8443/base/"],
  });
  expect(paths.map(({ kind, origin, prefix }) => `${kind} ${origin}${prefix}`)).toEqual([
    "loopback http://127.0.0.1:8080",
    "mesh http://100.64.3.4:8080",
    "mesh http://[fd7a:115c:a1e0::1]:8080",
    "direct http://192.168.1.2:8080",
    "direct http://8.8.8.8:8080",
    `relay https://relay.example/relay/${node_id}`,
    `relay https://other.example:8443/base/relay/${node_id}`,
  ]);
});

test("what is no address is left out", () => {
  const addresses = ["evil.example:80", "127.0.0.1:99999", "::1", ""];
  expect(pathsTo({ node_id, addresses, relay: ["ftp://relay", "relay", ""] })).toEqual([]);
});

test("a coordinator cannot make a client try any number of addresses", () => {
  const addresses = Array.from({ length: 100 }, (_, index) => `8.8.8.8:${index + 8_000}`);
  expect(pathsTo({ node_id, addresses, relay: [] })).toHaveLength(8);
});

test("a coordinator in the world cannot send a client to its own machine or network", () => {
  const abroad = createPathsTo(() => ({ coordinatorUrl: "https://troop.example", networks: [] }));
  const addresses = ["127.0.0.1:8080", "192.168.1.2:8080", "169.254.169.254:8080", "8.8.8.8:22"];
  const relay = ["http://127.0.0.1:6379", "https://169.254.169.254"];
  expect(abroad({ node_id, addresses, relay })).toEqual([]);
});
