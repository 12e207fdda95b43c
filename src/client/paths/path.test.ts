import { expect, test } from "vitest";
import { pathsTo } from "./path.ts";

const node_id = "n".repeat(43);

test("this machine comes before the mesh, the mesh before other addresses, a relay last", () => {
  const paths = pathsTo({
    node_id,
    addresses: [
      "192.168.1.2:8080",
      "100.64.3.4:8080",
      "8.8.8.8:80",
      "[fd7a:115c:a1e0::1]:8080",
      "127.0.0.1:8080",
    ],
    relay: ["https://relay.example", "http://other.example:81/base/"],
  });
  expect(paths.map(({ kind, origin, prefix }) => `${kind} ${origin}${prefix}`)).toEqual([
    "loopback http://127.0.0.1:8080",
    "mesh http://100.64.3.4:8080",
    "mesh http://[fd7a:115c:a1e0::1]:8080",
    "direct http://192.168.1.2:8080",
    "direct http://8.8.8.8:80",
    `relay https://relay.example/relay/${node_id}`,
    `relay http://other.example:81/base/relay/${node_id}`,
  ]);
});

test("what is no address is left out", () => {
  const addresses = ["evil.example:80", "127.0.0.1:99999", "::1", ""];
  expect(pathsTo({ node_id, addresses, relay: ["ftp://relay", "relay", ""] })).toEqual([]);
});

test("a coordinator cannot make a client try any number of addresses", () => {
  const addresses = Array.from({ length: 100 }, (_, index) => `8.8.8.8:${index + 1}`);
  expect(pathsTo({ node_id, addresses, relay: [] })).toHaveLength(8);
});
