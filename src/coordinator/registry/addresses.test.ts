import { expect, test } from "vitest";
import { listedHosts } from "./addresses.ts";

test.each([
  ["loopback", "127.0.0.1", [], ["127.0.0.1"]],
  ["loopback", "::ffff:127.0.0.1", [], ["127.0.0.1"]],
  ["loopback", "192.168.0.5", [], []],
  ["loopback", "127.0.0.1", ["192.168.0.5"], ["127.0.0.1"]],
  ["private", "192.168.0.5", [], ["192.168.0.5"]],
  ["private", "127.0.0.1", ["100.64.0.7"], ["100.64.0.7"]],
  ["private", "203.0.113.9", ["100.64.0.7"], ["100.64.0.7"]],
  ["private", "203.0.113.9", [], []],
  ["private", "192.168.0.5", ["127.0.0.1"], ["192.168.0.5"]],
  ["public", "203.0.113.9", [], ["203.0.113.9"]],
  ["public", "203.0.113.9", ["203.0.113.9", "203.0.113.9"], ["203.0.113.9"]],
] as const)(
  "under %s, a beat from %s that states %j is listed at %j",
  (policy, source, stated, hosts) => {
    expect(listedHosts(policy, source, stated)).toEqual(hosts);
  },
);
