/** The mesh's policy that we hand out lets everybody reach the workers' port, and nobody anything else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { usualPort } from "../src/worker/listen-address.ts";
import { repository } from "./house-rules/source-files.ts";
import { failedTests, isAllowed, type Machine, readPolicy } from "./support/mesh-policy.ts";

const text = readFileSync(join(repository, "docs/mesh/headscale-policy.hujson"), "utf8");
const policy = readPolicy(text);

const worker = (name: string): Machine => ({ name, tag: "tag:troop-worker" });
const client = (name: string): Machine => ({ name, tag: "tag:troop-client" });
const machines: Machine[] = [
  ...[worker("worker-1"), worker("worker-2"), client("client-1"), client("client-2")],
  ...[{ name: "laptop" }, { name: "phone" }, { name: "printer", tag: "tag:printer" }],
];
const ports = [1, 22, 80, 443, usualPort - 1, usualPort, usualPort + 1, 9_000, 11_434, 65_535];

test("of all that machines could say to one another, TCP to a worker's usual port is allowed", () => {
  const isMember = ({ tag }: Machine) => tag !== "tag:printer";
  for (const from of machines)
    for (const to of machines)
      for (const proto of ["tcp", "udp", "icmp"] as const)
        for (const port of ports) {
          const isTheOne = proto === "tcp" && port === usualPort && to.tag === "tag:troop-worker";
          const packet = { from, to, proto, port };
          expect([packet, isAllowed(policy, packet)]).toEqual([packet, isTheOne && isMember(from)]);
        }
});

test("its own tests hold, and look at both kinds of machines", () => {
  expect(failedTests(policy, machines)).toEqual([]);
  expect(new Set(policy.tests.map(({ src }) => src))).toEqual(
    new Set(["tag:troop-client", "tag:troop-worker"]),
  );
  const accepted = policy.tests.flatMap(({ accept }) => accept);
  expect(new Set(accepted)).toEqual(new Set([`tag:troop-worker:${usualPort}`]));
});

test("every tag that it names has an owner, and every owner is a group of somebody", () => {
  const named = new Set(text.replaceAll(/\/\/.*/g, "").match(/tag:[a-z-]+/g));
  expect(new Set(Object.keys(policy.tagOwners))).toEqual(named);
  for (const owner of Object.values(policy.tagOwners).flat())
    expect(Object.keys(policy.groups)).toContain(owner);
});

describe("its own tests fail where the policy is", () => {
  const rule = `"dst": ["tag:troop-worker:${usualPort}"]`;
  test.each([
    ["open to every port", rule, `"dst": ["tag:troop-worker:*"]`],
    ["open to another port", rule, `"dst": ["tag:troop-worker:${usualPort + 1}"]`],
    ["open to clients too", rule, `"dst": ["tag:troop-worker:8080", "tag:troop-client:8080"]`],
    ["open to UDP", `"proto": "tcp",\n      //`, "//"],
    ["closed to clients", `"src": ["tag:troop-client", `, `"src": [`],
    ["closed to workers", `"tag:troop-worker", "autogroup`, `"autogroup`],
  ])("%s", (_name, from, to) => {
    expect(text).toContain(from);
    expect(failedTests(readPolicy(text.replace(from, to)), machines)).not.toEqual([]);
  });

  test("without a machine of a kind, as in Headscale", () => {
    expect(failedTests(policy, [worker("worker-1")])).not.toEqual([]);
  });
});

test.each([
  ["a section that could open more", text.replace('"acls"', '"ssh": [], "acls"')],
  ["a rule that is not understood", text.replace('"accept"', '"drop"')],
  ["half a file", text.slice(0, -20)],
])("%s is not read", (_name, broken) => {
  expect(broken).not.toBe(text);
  expect(() => readPolicy(broken)).toThrow();
});
